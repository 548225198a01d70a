import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** A viewer's connections: kept alive, few, and its own, as a browser's are. */
export class Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;

  /** @param from the local address to connect from */
  constructor(from?: string) {
    const options = { ...OPTIONS, ...(from === undefined ? {} : { localAddress: from }) };
    this.http = new HttpAgent(options);
    this.https = new HttpsAgent(options);
  }

  destroy(): void {
    this.http.destroy();
    this.https.destroy();
  }
}

/** Video, audio and a document at once; what lies idle for 15 s (a server left behind) is closed. */
const OPTIONS = { keepAlive: true, maxSockets: 3, maxFreeSockets: 2, timeout: 15_000 };
