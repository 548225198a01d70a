import type { Resource } from './cdn-bases.ts';
import type { Handover, HandoverOutcome } from './handover.ts';
import { placedElements, type PlacedElement } from './xml-places.ts';

const MPD_NAMESPACE = 'urn:mpeg:dash:schema:mpd:2011';
const XLINK_NAMESPACE = 'http://www.w3.org/1999/xlink';
const RESOLVE_TO_ZERO = 'urn:mpeg:dash:resolve-to-zero:2013';

/** Where the URLs of media are, besides BaseURL. */
const URL_ATTRIBUTES: Record<string, readonly string[]> = {
  SegmentTemplate: ['media', 'initialization', 'index', 'bitstreamSwitching'],
  SegmentURL: ['media', 'index'],
  Initialization: ['sourceURL'],
  RepresentationIndex: ['sourceURL'],
  BitstreamSwitching: ['sourceURL'],
};
/** Ours come in their place; a patch would lead the player past us. */
const REPLACED = new Set(['Location', 'PatchLocation', 'ContentSteering']);
/** Attributes of a BaseURL that were about a choice among places, which is steering's now. */
const CHOICE_ATTRIBUTES = new Set(['serviceLocation', 'dvb:priority', 'dvb:weight']);
/** Leads away from wherever it stands: with a scheme, or from the root of a host, which may not be where a CDN's base is. */
const LEADS_AWAY = /^(?:[A-Za-z][A-Za-z0-9+.-]*:|\/)/;

interface Edit {
  from: number;
  to: number;
  text: string;
}

/**
 * An MPD with content steering: a `BaseURL` with `serviceLocation` for each CDN where the MPD has its base, and in place of
 * those further inside that lead away from there; `ContentSteering`; `Location`, so that updates come the same way. All
 * the rest stays byte for byte, for which a parser is needed that tells where things stand.
 */
export function handOnMpd(text: string, handover: Handover): HandoverOutcome {
  let root: PlacedElement;
  try {
    root = placedElements(text);
  } catch (error) {
    return { kind: 'unfit', reason: `line ${(error as Error).message.replace(/\s+/g, ' ')}` };
  }
  try {
    return { kind: 'manifest', text: new MpdEdits(text, root, handover).applied() };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { kind: 'unfit', reason: error.message };
  }
}

class Unfit extends Error {}

class MpdEdits {
  readonly #text: string;
  readonly #root: PlacedElement;
  readonly #handover: Handover;
  readonly #edits: Edit[] = [];

  constructor(text: string, root: PlacedElement, handover: Handover) {
    this.#text = text;
    this.#root = root;
    this.#handover = handover;
  }

  applied(): string {
    const { name, namespace, children } = this.#root;
    if (name !== 'MPD' || namespace !== MPD_NAMESPACE) {
      throw new Unfit(`it is no MPD: its document element is ${name} of the namespace "${namespace}"`);
    }
    if (!children.some(isOf('Period'))) throw new Unfit('it has no Period');
    this.#walk(children, this.#begin());
    let result = '';
    let at = 0;
    for (const { from, to, text } of this.#edits.sort((a, b) => a.from - b.from)) {
      result += this.#text.slice(at, from) + text;
      at = Math.max(at, to);
    }
    return result + this.#text.slice(at);
  }

  /** What stands at the MPD itself. @returns what URLs inside are relative to */
  #begin(): URL {
    const { url, bases } = this.#handover;
    const { children, attributes } = this.#root;
    const own = children.filter(isOf('BaseURL'));
    const base = own.length === 0 ? url : this.#steeredOf(own, url);
    const resource = own.length === 0 ? bases.locate(new URL('.', url)) : bases.locate(base);
    if (resource === null) throw new Unfit(`${base.host} is no CDN or source of the file`);
    const elements = this.#basesFor(
      resource,
      own.find(({ text }) => resolved(text, url)?.href === base.href),
    );
    if (attributes.type?.value === 'dynamic') elements.push(this.#element('Location', '', this.#handover.location));
    elements.push(
      this.#element(
        'ContentSteering',
        ` defaultServiceLocation="${this.#handover.pathways[0]!}" queryBeforeStart="false"`,
        this.#handover.steeringUri,
      ),
    );
    for (const child of children) {
      if (own.includes(child) || (child.namespace === MPD_NAMESPACE && REPLACED.has(child.name))) this.#remove(child);
    }
    // Where the schema has them: after what is about the programme, before everything else.
    const before = children.findLast(isOf('ProgramInformation'));
    const next = children.find((child) => child.from >= (before?.to ?? 0))!;
    const at = before?.to ?? this.#root.from + this.#root.startTag.length;
    const indent = this.#indentOf(next);
    this.#edits.push({ from: at, to: at, text: elements.map((element) => indent + element).join('') });
    return base;
  }

  #walk(elements: readonly PlacedElement[], base: URL): void {
    for (const element of elements) {
      if (element.namespace !== MPD_NAMESPACE) continue;
      this.#check(element);
      if (element.name === 'UTCTiming') this.#absoluteClock(element);
      const own = element.children.filter(isOf('BaseURL'));
      const inner = this.#innerBase(own, base);
      if (element.name === 'ServiceDescription') {
        element.children.filter(isOf('ContentSteering')).forEach((child) => this.#remove(child));
      }
      this.#walk(
        element.children.filter((child) => !own.includes(child)),
        inner,
      );
    }
  }

  #innerBase(own: readonly PlacedElement[], base: URL): URL {
    const [first] = own;
    if (first === undefined) return base;
    if (!own.some(({ text }) => LEADS_AWAY.test(text.trim()))) return resolved(first.text, base) ?? base;
    const steered = this.#steeredOf(own, base);
    const resource = this.#handover.bases.locate(steered)!;
    const template = own.find(({ text }) => resolved(text, base)?.href === steered.href);
    const [text, ...others] = this.#basesFor(resource, template);
    const indent = this.#indentOf(first);
    own.slice(1).forEach((element) => this.#remove(element));
    this.#edits.push({
      from: first.from,
      to: first.to,
      text: [text, ...others.map((other) => indent + other)].join(''),
    });
    return steered;
  }

  /** Of several alternatives the first that every CDN has. */
  #steeredOf(own: readonly PlacedElement[], base: URL): URL {
    for (const { text } of own) {
      const url = resolved(text, base);
      if (url !== null && this.#handover.bases.locate(url) !== null) return url;
    }
    const { line, text } = own[0]!;
    throw new Unfit(
      `line ${line}: BaseURL ${text.trim()} is at no CDN or source of the file: nothing could be steered`,
    );
  }

  /** @param template the one that they stand for, whose other attributes they keep */
  #basesFor(resource: Resource, template: PlacedElement | undefined): string[] {
    const kept = template === undefined ? '' : keptAttributes(template.startTag);
    return this.#handover.pathways.map((id) =>
      this.#element('BaseURL', ` serviceLocation="${id}"${kept}`, this.#handover.bases.at(id, resource)),
    );
  }

  #check({ name, attributes, line }: PlacedElement): void {
    for (const attribute of URL_ATTRIBUTES[name] ?? []) {
      const value = attributes[attribute]?.value;
      if (value === undefined || !LEADS_AWAY.test(value)) continue;
      throw new Unfit(`line ${line}: ${name}@${attribute} is absolute, so it could not be steered: ${value}`);
    }
    const remote = Object.values(attributes).find(({ local, uri }) => local === 'href' && uri === XLINK_NAMESPACE);
    if (remote !== undefined && remote.value !== RESOLVE_TO_ZERO) {
      throw new Unfit(`line ${line}: remote elements (xlink:href) are not handed on`);
    }
  }

  /** A clock's URL is relative to the MPD, which comes from elsewhere now. */
  #absoluteClock({ attributes, startTag, from }: PlacedElement): void {
    const value = attributes.value?.value ?? '';
    const isUrl = /:http-/.test(attributes.schemeIdUri?.value ?? '');
    const url = resolved(value, this.#handover.url);
    if (!isUrl || url === null || url.href === value || URL.canParse(value)) return;
    const match = /\bvalue\s*=\s*("[^"]*"|'[^']*')/.exec(startTag)!;
    const at = from + match.index;
    this.#edits.push({ from: at, to: at + match[0].length, text: `value="${escaped(url.href)}"` });
  }

  /** With the white space before it. */
  #remove(element: PlacedElement): void {
    this.#edits.push({ from: element.from - this.#indentOf(element).length, to: element.to, text: '' });
  }

  #indentOf({ from }: PlacedElement): string {
    let start = from;
    while (start > 0 && /\s/.test(this.#text[start - 1]!)) start--;
    return this.#text.slice(start, from);
  }

  #element(name: string, attributes: string, text: string): string {
    const { prefix } = this.#root;
    return `<${prefix}${name}${attributes}>${escaped(text)}</${prefix}${name}>`;
  }
}

function isOf(name: string): (element: PlacedElement) => boolean {
  return (element) => element.name === name && element.namespace === MPD_NAMESPACE;
}

function resolved(text: string, base: URL): URL | null {
  return URL.canParse(text.trim(), base.href) ? new URL(text.trim(), base) : null;
}

function keptAttributes(startTag: string): string {
  return [...startTag.matchAll(/\s([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')/g)]
    .filter(([, name]) => !CHOICE_ATTRIBUTES.has(name!))
    .map(([, name, value]) => ` ${name}=${value}`)
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
