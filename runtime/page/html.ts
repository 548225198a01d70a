/** Text that is HTML already. Only `html` and `raw` make it, so that nothing gets into the page unescaped by mistake. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Part[];

/** A template of HTML: what is put in is escaped, for text and for quoted attributes, unless it is Html itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.reduce((text, string, at) => text + string + (at < parts.length ? render(parts[at]!) : ''), ''),
  );
}

/** For text that is known to be HTML, a style sheet or a script. */
export function raw(text: string): Html {
  return new Html(text);
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element or begin a comment. */
export function jsonForScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === null) return '';
  if (typeof part === 'object') return part.map(render).join('');
  return String(part).replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`);
}
