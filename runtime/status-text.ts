import { STATUS_CODES } from 'node:http';

/** `404 Not Found`: the status line's code and phrase. */
export function statusText(status: number): string {
  return TEXTS[status] ?? `${status} Unknown`;
}

const TEXTS: Record<number, string> = Object.fromEntries(
  Object.entries(STATUS_CODES).map(([code, phrase]) => [Number(code), `${code} ${phrase}`]),
);
