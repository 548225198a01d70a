import { connect } from 'node:net';

/**
 * Writes bytes on a fresh connection and collects what comes back until the peer closes, `enough` is satisfied or the
 * bound passes. Text is latin-1: one char code a byte, so that tests can speak of bytes.
 */
export function rawExchange(
  port: number,
  message: string,
  enough: (received: string) => boolean = () => false,
  // What surely comes may take its time on a busy machine; a test that waits for silence says how long.
  boundMs = 20_000,
): Promise<{ received: string; closed: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const finish = (closed: boolean) => {
      clearTimeout(bound);
      socket.destroy();
      resolve({ received, closed });
    };
    const bound = setTimeout(() => finish(false), boundMs);
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(message, 'latin1'));
    socket.on('data', (text: string) => {
      received += text;
      if (enough(received)) finish(false);
    });
    socket.on('end', () => finish(true));
    socket.on('error', (error) => {
      if (received !== '' || (error as NodeJS.ErrnoException).code === 'ECONNRESET') finish(true);
      else reject(error);
    });
  });
}

/** How many responses a received text holds. */
export function countResponses(received: string): number {
  return received.split('HTTP/1.1 ').length - 1;
}
