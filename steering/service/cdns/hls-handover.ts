import { readAttributes, valueOf, withValue, writeAttributes, type Attribute } from './attribute-list.ts';
import type { Handover, HandoverOutcome } from './handover.ts';

/** An entry that is there once a pathway. */
interface Steerable {
  kind: 'rendition' | 'variant' | 'i-frames';
  tag: string;
  attributes: Attribute[];
  /** as written; null for a rendition without one, whose media are in the variants */
  uri: string | null;
  /** lines between a variant and its URI, which no player minds */
  between: string[];
  pathway: string;
}

type Item = { kind: 'line'; text: string } | { kind: 'steerable'; entry: Steerable };

const GROUPS = ['AUDIO', 'VIDEO', 'SUBTITLES'];
/** What a player that knows no pathways takes a variant without one for (RFC 8216bis §4.4.6.2). */
const DEFAULT_PATHWAY = '.';

/**
 * An HLS playlist with content steering: a multivariant one with each variant and rendition once a CDN, a media playlist as
 * the only variant of a multivariant one. Written by lines and not by a library, because tags and attributes that no
 * parser knows (of DRM, of advertising, of the player's own vendor) must come through as they are.
 */
export function handOnHls(text: string, handover: Handover): HandoverOutcome {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (lines[0]?.trimEnd() !== '#EXTM3U') return bad('line 1: an HLS playlist begins with #EXTM3U');
  if (lines.some((line) => line.startsWith('#EXT-X-STREAM-INF:'))) return new Multivariant(lines, handover).outcome();
  if (lines.some((line) => line.startsWith('#EXTINF:') || line.startsWith('#EXT-X-TARGETDURATION:'))) {
    return wrapMedia(handover);
  }
  return bad('it has neither variants (#EXT-X-STREAM-INF) nor segments (#EXTINF)');
}

/** Segments are relative to the media playlist, which is at each CDN: steering chooses among these. */
function wrapMedia({ url, bases, pathways, nominalBps, clientQuery, ...handover }: Handover): HandoverOutcome {
  const resource = bases.locate(url);
  if (resource === null) return bad(`${url.host} is no CDN or source`);
  const variants = pathways.flatMap((id) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${Math.round(nominalBps)},PATHWAY-ID="${id}",STABLE-VARIANT-ID="v1"`,
    withQuery(bases.at(id, resource), clientQuery),
  ]);
  return { kind: 'manifest', text: `${['#EXTM3U', steeringTag(pathways, handover), ...variants].join('\n')}\n` };
}

class Multivariant {
  readonly #lines: readonly string[];
  readonly #handover: Handover;
  readonly #items: Item[] = [];
  readonly #variables = new Map<string, string>();
  #initialPathway: string | null = null;
  #steered = 0;
  #foreign: string | null = null;

  constructor(lines: readonly string[], handover: Handover) {
    this.#lines = lines;
    this.#handover = handover;
  }

  outcome(): HandoverOutcome {
    const problem = this.#read();
    if (problem !== null) return bad(problem);
    const entries = this.#ofOnePathway();
    const kept = new Set(entries);
    const [first, ...others] = this.#handover.pathways;
    const head = ['#EXTM3U', steeringTag(this.#handover.pathways, this.#handover)];
    const body: string[] = [];
    for (const item of this.#items) {
      if (item.kind === 'line') body.push(item.text);
      else if (kept.has(item.entry)) body.push(...this.#linesOf(item.entry, first!));
    }
    for (const pathway of others) {
      for (const entry of entries) if (isCopied(entry)) body.push(...this.#linesOf(entry, pathway));
    }
    if (this.#steered === 0) {
      return bad(`no variant of it lies at a CDN or source of the file, but for example at ${this.#foreign}`);
    }
    return { kind: 'manifest', text: `${[...head, ...body].join('\n')}\n` };
  }

  /** @returns what cannot be read, or null */
  #read(): string | null {
    for (let at = 1; at < this.#lines.length; at++) {
      const line = this.#lines[at]!.trimEnd();
      const [tag, attributes] = splitTag(line);
      if (tag === '#EXT-X-CONTENT-STEERING') {
        this.#initialPathway = attributes && valueOf(attributes, 'PATHWAY-ID');
      } else if (tag === '#EXT-X-DEFINE') {
        const problem = this.#define(attributes);
        if (problem !== null) return `line ${at + 1}: ${problem}`;
      } else if (tag !== null) {
        if (attributes === null) return `line ${at + 1}: the attributes of ${tag} cannot be read`;
        const between: string[] = [];
        let uri = valueOf(attributes, 'URI');
        const isVariant = tag === '#EXT-X-STREAM-INF';
        const tagAt = at;
        if (isVariant) {
          while (++at < this.#lines.length && isComment(this.#lines[at]!)) {
            if (this.#lines[at] !== '') between.push(this.#lines[at]!);
          }
          uri = this.#lines[at]?.trim() ?? null;
          if (uri === null || uri.startsWith('#')) return `line ${tagAt + 1}: a variant without a URI`;
        }
        const kind = isVariant ? 'variant' : tag === '#EXT-X-MEDIA' ? 'rendition' : 'i-frames';
        const pathway = valueOf(attributes, 'PATHWAY-ID') ?? DEFAULT_PATHWAY;
        this.#items.push({ kind: 'steerable', entry: { kind, tag, attributes, uri, between, pathway } });
      } else if (line !== '') {
        this.#items.push({ kind: 'line', text: this.#withAbsoluteUri(line) });
      }
    }
    this.#nameStably();
    return null;
  }

  /** Its media playlists import variables by name; a query parameter's value is that of the playlist's own URL. */
  #define(attributes: Attribute[] | null): string | null {
    if (attributes === null) return 'the attributes of #EXT-X-DEFINE cannot be read';
    const parameter = valueOf(attributes, 'QUERYPARAM');
    const name = parameter ?? valueOf(attributes, 'NAME');
    const value = parameter === null ? valueOf(attributes, 'VALUE') : this.#handover.url.searchParams.get(parameter);
    if (name === null || value === null) return '#EXT-X-DEFINE without a value';
    if (/["\r\n]/.test(value)) return `#EXT-X-DEFINE: the value of ${name} holds a quote`;
    this.#variables.set(name, value);
    this.#items.push({ kind: 'line', text: `#EXT-X-DEFINE:NAME="${name}",VALUE="${value}"` });
    return null;
  }

  /** Where several pathways, or the same variant several times, are in it already, one of them is copied. */
  #ofOnePathway(): Steerable[] {
    const all = this.#items.flatMap((item) => (item.kind === 'steerable' ? [item.entry] : []));
    const variants = all.filter(({ kind }) => kind === 'variant');
    const named = variants.some(({ pathway }) => pathway === this.#initialPathway);
    const chosen = named ? this.#initialPathway : variants[0]!.pathway;
    const seen = new Set<string>();
    const ofPathway = all.filter((entry) => {
      if (entry.kind !== 'rendition' && entry.pathway !== chosen) return false;
      const key = `${entry.tag} ${writeAttributes(entry.attributes.filter(({ name }) => name !== 'URI'))} ${this.#resourceKey(entry)}`;
      return !seen.has(key) && seen.add(key);
    });
    const groups = new Set(
      ofPathway.flatMap(({ kind, attributes }) =>
        kind === 'rendition' ? [] : GROUPS.map((type) => `${type} ${valueOf(attributes, type)}`),
      ),
    );
    // The groups of other pathways go with them; captions have no place of their own.
    return ofPathway.filter(({ kind, attributes }) => {
      const type = valueOf(attributes, 'TYPE') ?? '';
      return kind !== 'rendition' || !GROUPS.includes(type) || groups.has(`${type} ${valueOf(attributes, 'GROUP-ID')}`);
    });
  }

  #resourceKey({ uri }: Steerable): string {
    if (uri === null) return '';
    const url = this.#resolve(uri);
    const resource = url && this.#handover.bases.locate(url);
    return resource ? resource.path + resource.search : (url?.href ?? uri);
  }

  /** So that a player that changes pathways finds the same variant there (RFC 8216bis §4.4.6.2). */
  #nameStably(): void {
    const name = (kind: Steerable['kind'], attribute: string, prefix: string) => {
      const entries = this.#items.flatMap((item) =>
        item.kind === 'steerable' && item.entry.kind === kind && item.entry.uri !== null ? [item.entry] : [],
      );
      if (entries.some(({ attributes }) => valueOf(attributes, attribute) !== null)) return;
      const names = new Map<string, string>();
      for (const entry of entries) {
        const key = this.#resourceKey(entry);
        if (!names.has(key)) names.set(key, `"${prefix}${names.size + 1}"`);
        entry.attributes = withValue(entry.attributes, attribute, names.get(key)!);
      }
    };
    name('variant', 'STABLE-VARIANT-ID', 'v');
    name('rendition', 'STABLE-RENDITION-ID', 'r');
  }

  #linesOf(entry: Steerable, pathway: string): string[] {
    const { kind, tag, between, uri } = entry;
    let { attributes } = entry;
    if (isCopied(entry)) {
      const type = valueOf(attributes, 'TYPE');
      for (const name of kind === 'rendition' ? ['GROUP-ID'] : GROUPS) {
        const group = valueOf(attributes, name);
        if (group !== null && (name !== 'GROUP-ID' || GROUPS.includes(type ?? ''))) {
          attributes = withValue(attributes, name, `"${group}-${pathway}"`);
        }
      }
      if (kind !== 'rendition') attributes = withValue(attributes, 'PATHWAY-ID', `"${pathway}"`);
    }
    const placed = uri === null ? null : this.#at(pathway, uri, kind === 'variant');
    if (kind === 'variant') return [`${tag}:${writeAttributes(attributes)}`, ...between, placed!];
    if (placed !== null) attributes = withValue(attributes, 'URI', `"${placed}"`);
    return [`${tag}:${writeAttributes(attributes)}`];
  }

  /** What lies elsewhere is left where it is. */
  #at(pathway: string, uri: string, isVariant: boolean): string {
    const url = this.#resolve(uri);
    if (url === null) return uri;
    const resource = this.#handover.bases.locate(url);
    if (resource === null) {
      if (isVariant) this.#foreign ??= url.host;
      return url.href;
    }
    if (isVariant) this.#steered++;
    return withQuery(this.#handover.bases.at(pathway, resource), this.#handover.clientQuery);
  }

  /** Of session data and keys; what is relative is so to the playlist, which is handed on from elsewhere. */
  #withAbsoluteUri(line: string): string {
    return line.replace(/^(#EXT-X-SESSION-(?:DATA|KEY):.*?\bURI=")([^"]*)"/, (whole, before: string, uri: string) => {
      const url = this.#resolve(uri);
      return url === null ? whole : `${before}${this.#at(this.#handover.pathways[0]!, uri, false)}"`;
    });
  }

  #resolve(uri: string): URL | null {
    const substituted = uri.replace(
      /\{\$([A-Za-z0-9_-]+)\}/g,
      (whole, name: string) => this.#variables.get(name) ?? whole,
    );
    return URL.canParse(substituted, this.#handover.url.href) ? new URL(substituted, this.#handover.url) : null;
  }
}

/** Renditions whose media are in the variants of their own group, and captions, belong to all. */
function isCopied({ kind, attributes }: Steerable): boolean {
  return kind !== 'rendition' || GROUPS.includes(valueOf(attributes, 'TYPE') ?? '');
}

function isComment(line: string): boolean {
  return line === '' || (line.startsWith('#') && !line.startsWith('#EXT'));
}

const STEERED_TAGS = [
  '#EXT-X-STREAM-INF',
  '#EXT-X-I-FRAME-STREAM-INF',
  '#EXT-X-MEDIA',
  '#EXT-X-CONTENT-STEERING',
  '#EXT-X-DEFINE',
];

/** A tag that matters here with its attributes, null where they cannot be read; or null for any other line. */
function splitTag(line: string): [tag: string, attributes: Attribute[] | null] | [null, null] {
  const colon = line.indexOf(':');
  const tag = line.slice(0, colon);
  return colon > 0 && STEERED_TAGS.includes(tag) ? [tag, readAttributes(line.slice(colon + 1))] : [null, null];
}

function steeringTag(pathways: readonly string[], { steeringUri }: Pick<Handover, 'steeringUri'>): string {
  return `#EXT-X-CONTENT-STEERING:SERVER-URI="${steeringUri}",PATHWAY-ID="${pathways[0]!}"`;
}

function withQuery(url: string, query: string): string {
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

function bad(reason: string): HandoverOutcome {
  return { kind: 'unfit', reason };
}
