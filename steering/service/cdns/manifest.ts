import { LRUCache } from 'lru-cache';
import type { Handover, HandoverOutcome } from './handover.ts';
import { handOnHls } from './hls-handover.ts';
import { handOnMpd } from './mpd-handover.ts';

/** What is one viewer's alone in a manifest that is handed on. */
type Personal = Pick<Handover, 'steeringUri' | 'location' | 'clientQuery'>;

/** As many orders as a few CDNs have. */
const MOST_ORDERS = 24;
/** Characters of all of them. */
const MOST_HANDED_ON = 2 * 1024 * 1024;
/** They stand for what is personal until it is known; nothing in them needs to be escaped in either format. */
const MARKS: Personal = {
  steeringUri: 'https://steering-uri.undercard.invalid/',
  location: 'https://location.undercard.invalid/',
  clientQuery: 'client-query.undercard.invalid',
};

/** A manifest as it was fetched, and as it is handed on: worked out once for each order of CDNs, and not for each viewer. */
export class Manifest {
  readonly type: 'hls' | 'mpd';
  readonly #text: string;
  readonly #url: URL;
  readonly #handedOn = new LRUCache<string, HandoverOutcome>({
    max: MOST_ORDERS,
    maxSize: MOST_HANDED_ON,
    sizeCalculation: (outcome) => 1 + (outcome.kind === 'manifest' ? outcome.text.length : 0),
  });

  private constructor(type: Manifest['type'], text: string, url: URL) {
    this.type = type;
    this.#text = text;
    this.#url = url;
  }

  /** @returns null when the text is neither */
  static of(text: string, url: URL): Manifest | null {
    const start = text.slice(0, 1024).replace(/^\uFEFF/, '');
    if (start.startsWith('#EXTM3U')) return new Manifest('hls', text, url);
    return /^\s*</.test(start) ? new Manifest('mpd', text, url) : null;
  }

  /** In memory, with what is worked out from it. */
  get sizeBytes(): number {
    return 2 * this.#text.length + 1000;
  }

  handOn({ steeringUri, location, clientQuery, pathways, ...common }: Omit<Handover, 'url'>): HandoverOutcome {
    const key = `${pathways.join(' ')} ${clientQuery === ''}`;
    let outcome = this.#handedOn.get(key);
    if (outcome === undefined) {
      const marked = { ...MARKS, clientQuery: clientQuery === '' ? '' : MARKS.clientQuery };
      const handOn = this.type === 'hls' ? handOnHls : handOnMpd;
      outcome = handOn(this.#text, { ...common, ...marked, pathways, url: this.#url });
      this.#handedOn.set(key, outcome);
    }
    if (outcome.kind === 'unfit') return outcome;
    const written = (text: string) => (this.type === 'mpd' ? text.replaceAll('&', '&amp;') : text);
    const filled = outcome.text
      .replaceAll(MARKS.steeringUri, () => written(steeringUri))
      .replaceAll(MARKS.location, () => written(location))
      .replaceAll(MARKS.clientQuery, () => written(clientQuery));
    return { kind: 'manifest', text: filled };
  }
}
