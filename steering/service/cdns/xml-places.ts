import { SaxesParser, type SaxesTagNS } from 'saxes';

/** An element of a document, and where it stands in the text. */
export interface PlacedElement {
  /** local name and namespace */
  name: string;
  namespace: string;
  /** as written, with its colon, or '' */
  prefix: string;
  attributes: SaxesTagNS['attributes'];
  /** first line of it, from 1 */
  line: number;
  from: number;
  to: number;
  /** as written */
  startTag: string;
  /** of the element itself, not of those inside it */
  text: string;
  children: PlacedElement[];
}

/** An MPD nests ten deep or so. */
const MOST_DEPTH = 64;

/** Reads a whole document. @throws Error for what is not well-formed, has a document type or is nested too deeply */
export function placedElements(text: string): PlacedElement {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: PlacedElement[] = [];
  let root: PlacedElement | null = null;
  let begins = { from: 0, line: 0 };
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    // Entities of one's own can be made to stand for gigabytes, or for other files.
    throw new Error(`${parser.line}: a document type is not read`);
  });
  parser.on('opentagstart', ({ name }) => {
    // The parser stands behind the name and the one character that ended it.
    begins = { from: parser.position - name.length - 2, line: parser.line };
  });
  parser.on('opentag', (tag) => {
    const { local, uri, prefix, attributes } = tag;
    if (open.length === MOST_DEPTH) throw new Error(`${parser.line}: nested too deeply`);
    const element: PlacedElement = {
      ...begins,
      name: local,
      namespace: uri,
      prefix: prefix === '' ? '' : `${prefix}:`,
      attributes,
      to: parser.position,
      startTag: text.slice(begins.from, parser.position),
      text: '',
      children: [],
    };
    open.at(-1)?.children.push(element);
    open.push(element);
    root ??= element;
  });
  const add = (chunk: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += chunk;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    open.pop()!.to = parser.position;
  });
  parser.write(text).close();
  return root!;
}
