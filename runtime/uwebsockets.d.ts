/**
 * What we use of uWebSockets.js 20.51, whose platform packages ship no types.
 * A RecognizedString is a string or bytes; strings go out as UTF-8, so bytes are what headers are written from.
 */
declare module 'uWebSockets.js' {
  export type RecognizedString = string | ArrayBuffer | Uint8Array;

  /** Valid only inside the handler it was given to. */
  export interface HttpRequest {
    getMethod(): string;
    getCaseSensitiveMethod(): string;
    /** the path exactly as on the wire, without the query */
    getUrl(): string;
    getQuery(): string | undefined;
    getHeader(name: string): string;
    forEach(visit: (name: string, value: string) => void): void;
    setYield(yields: boolean): this;
  }

  export interface HttpResponse {
    writeStatus(status: RecognizedString): this;
    writeHeader(name: RecognizedString, value: RecognizedString): this;
    /** with an unknown length: chunked; false when it could not all be sent at once (it is buffered all the same) */
    write(chunk: RecognizedString): boolean;
    end(body?: RecognizedString, closeConnection?: boolean): this;
    endWithoutBody(reportedContentLength?: number, closeConnection?: boolean): this;
    /** [everything given was accepted, the response is complete]; what was not accepted must be given again from getWriteOffset */
    tryEnd(chunk: RecognizedString, totalSize: number): [ok: boolean, done: boolean];
    getWriteOffset(): number;
    onWritable(handler: (offset: number) => boolean): this;
    onAborted(handler: () => void): this;
    onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): this;
    pause(): void;
    resume(): void;
    cork(work: () => void): this;
    close(): this;
    getRemoteAddressAsText(): ArrayBuffer;
  }

  export type ListenSocket = object;
  export type RouteHandler = (res: HttpResponse, req: HttpRequest) => void;

  export interface TemplatedApp {
    get(pattern: string, handler: RouteHandler): TemplatedApp;
    any(pattern: string, handler: RouteHandler): TemplatedApp;
    listen(host: string, port: number, options: number, done: (socket: ListenSocket | false) => void): TemplatedApp;
    listen(host: string, port: number, done: (socket: ListenSocket | false) => void): TemplatedApp;
    close(): TemplatedApp;
  }

  /** A native CommonJS module: Node sees no named exports in it. */
  const uws: {
    LIBUS_LISTEN_EXCLUSIVE_PORT: number;
    us_socket_local_port(socket: ListenSocket): number;
  };
  export default uws;

  /** Named by hyper-express's types; unused by us. */
  export type us_listen_socket = ListenSocket;
  export type us_socket_context_t = object;
  export type WebSocket<UserData> = { data: UserData };
  export type CompressOptions = number;
}
