/** RFC 8216 §4.2: one attribute as it is written. */
export interface Attribute {
  name: string;
  /** with its quotes, where it has some */
  value: string;
}

const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,\s*|$)/y;

/** The attributes of a tag in their order, unknown ones, too. @returns null when the list cannot be read */
export function readAttributes(text: string): Attribute[] | null {
  const attributes: Attribute[] = [];
  ATTRIBUTE.lastIndex = 0;
  while (ATTRIBUTE.lastIndex < text.length) {
    const match = ATTRIBUTE.exec(text);
    if (match === null) return null;
    attributes.push({ name: match[1]!, value: match[2]!.trimEnd() });
  }
  return attributes;
}

export function writeAttributes(attributes: readonly Attribute[]): string {
  return attributes.map(({ name, value }) => `${name}=${value}`).join(',');
}

/** Without quotes; null when it is not there. */
export function valueOf(attributes: readonly Attribute[], name: string): string | null {
  const found = attributes.find((attribute) => attribute.name === name);
  return found === undefined ? null : found.value.replace(/^"(.*)"$/s, '$1');
}

/** In its place, or at the end where it was not there. */
export function withValue(attributes: readonly Attribute[], name: string, value: string): Attribute[] {
  const changed = { name, value };
  return attributes.some((attribute) => attribute.name === name)
    ? attributes.map((attribute) => (attribute.name === name ? changed : attribute))
    : [...attributes, changed];
}
