/**
 * Where things stand in a JSON text. `JSON.parse` is fast and says nothing of places, takes the last of two equal keys,
 * and is the judge of syntax; this finds the places afterwards. One pass when made; then a place costs one element's scan.
 */
export class JsonPlaces {
  /** offset of the first key that its object has already, and the key */
  readonly duplicate: { offset: number; key: string } | null = null;
  readonly #text: string;
  /** offsets of the elements of each array and the members of each object under the root, by the root's key */
  readonly #members = new Map<string, number[]>();
  readonly #lines: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.push(at + 1);
    this.duplicate = this.#scan();
  }

  /** @returns both from 1 */
  placeOf(offset: number): { line: number; column: number } {
    let [low, high] = [0, this.#lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lines[low]! + 1 };
  }

  /**
   * Where the value at the path begins; of what is not there, what it is missing from.
   * @param key a key of that value, whose own place is wanted
   */
  offsetOf(path: readonly PropertyKey[], key?: string): number {
    let offset = this.#skipSpace(0);
    let depth = 0;
    const elements = typeof path[1] === 'number' ? this.#members.get(String(path[0])) : undefined;
    if (elements?.[path[1] as number] !== undefined) {
      offset = elements[path[1] as number]!;
      depth = 2;
    }
    for (; depth < path.length; depth++) {
      const next = this.#child(offset, path[depth]!);
      if (next === null) break;
      offset = next.value;
    }
    if (key !== undefined && depth === path.length) return this.#child(offset, key)?.key ?? offset;
    return offset;
  }

  /** The member of the object, or element of the array, that begins at `offset`. */
  #child(offset: number, name: PropertyKey): { key: number; value: number } | null {
    const opening = this.#text[offset];
    if (opening !== '{' && opening !== '[') return null;
    let at = this.#skipSpace(offset + 1);
    for (let index = 0; at < this.#text.length && this.#text[at] !== '}' && this.#text[at] !== ']'; index++) {
      const key = at;
      let found: boolean = index === name;
      if (opening === '{') {
        at = this.#skipString(at);
        found = unquoted(this.#text.slice(key, at)) === name;
        at = this.#skipSpace(this.#skipSpace(at) + 1);
      }
      if (found) return { key, value: at };
      at = this.#skipSpace(this.#skipValue(at));
      if (this.#text[at] === ',') at = this.#skipSpace(at + 1);
    }
    return null;
  }

  /** Notes the members under the root, and looks for keys that are there twice. Without recursion: depth is the writer's. */
  #scan(): { offset: number; key: string } | null {
    const keysOf: (Set<string> | null)[] = [];
    let rootKey = '';
    let expectKey = false;
    for (let at = this.#skipSpace(0); at < this.#text.length; at = this.#skipSpace(at)) {
      const character = this.#text[at]!;
      const depth = keysOf.length;
      if (character === '}' || character === ']') {
        keysOf.pop();
        expectKey = false;
        at++;
        continue;
      }
      if (character === ',') {
        expectKey = keysOf.at(-1) !== null;
        at++;
        continue;
      }
      if (expectKey && character === '"') {
        const end = this.#skipString(at);
        const key = unquoted(this.#text.slice(at, end));
        const keys = keysOf.at(-1)!;
        if (keys.has(key)) return { offset: at, key };
        keys.add(key);
        if (depth === 1) rootKey = key;
        expectKey = false;
        at = this.#skipSpace(end) + 1;
        continue;
      }
      if (depth === 2 && keysOf[1] === null) {
        const members = this.#members.get(rootKey);
        if (members === undefined) this.#members.set(rootKey, [at]);
        else members.push(at);
      }
      if (character === '{' || character === '[') {
        keysOf.push(character === '{' ? new Set() : null);
        expectKey = character === '{';
        at++;
      } else {
        at = character === '"' ? this.#skipString(at) : this.#skipPlain(at);
      }
    }
    return null;
  }

  #skipValue(from: number): number {
    let at = from;
    let depth = 0;
    do {
      const character = this.#text[at];
      if (character === '"') {
        at = this.#skipString(at);
      } else if (character === '{' || character === '[') {
        depth++;
        at++;
      } else if (character === '}' || character === ']') {
        depth--;
        at++;
      } else {
        at = depth === 0 ? this.#skipPlain(at) : at + 1;
      }
    } while (depth > 0 && at < this.#text.length);
    return at;
  }

  #skipString(from: number): number {
    for (let at = from + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) return at + 1;
      if (code === 0x5c) at++;
    }
    return this.#text.length;
  }

  /** Past a number, true, false or null. */
  #skipPlain(from: number): number {
    let at = from + 1;
    for (; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code <= 0x20 || code === 0x2c || code === 0x5d || code === 0x7d) break;
    }
    return at;
  }

  #skipSpace(from: number): number {
    let at = from;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
      at++;
    }
  }
}

/** Where `JSON.parse` stopped and why, without the text that it quotes. */
export function jsonSyntaxError(text: string, error: Error): { offset: number; message: string } {
  const message = error.message.replace(/ in JSON at position .*$|, (?:\.\.\.)?".*is not valid JSON$/s, '');
  const position = / at position (\d+)/.exec(error.message);
  if (position !== null) return { offset: Number(position[1]), message };
  if (!message.startsWith('Unexpected token')) return { offset: Math.max(0, text.length - 1), message };
  // V8 names the token and not its place: it is the end of the shortest beginning that has the same fault.
  let [low, high] = [1, text.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (failsAtToken(text.slice(0, middle))) high = middle;
    else low = middle + 1;
  }
  return { offset: low - 1, message };
}

function failsAtToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as Error).message.startsWith('Unexpected token');
  }
}

function unquoted(text: string): string {
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}
