import { readFileSync } from 'node:fs';

const IMPORT = /^import\s[^;]*?from\s+'(\.{1,2}\/[\w./-]+\.js)';$/gm;
const EXPORT = /^export (?=(?:async )?function |const |let |class )/gm;

/**
 * Browser modules as one script, for a page that may load nothing: what a module imports comes before it, and the words
 * `import` and `export` go. All share one scope, so that no two may declare the same name.
 * @throws Error for a module that is written otherwise than this understands
 */
export function inlineModules(entry: URL): string {
  const done = new Set<string>();
  const open = new Set<string>();
  const texts: string[] = [];
  const declaredIn = new Map<string, string>();
  const visit = (url: URL) => {
    const { href } = url;
    if (done.has(href)) return;
    if (open.has(href)) throw new Error(`${href}: imports itself by way of others`);
    open.add(href);
    const source = readFileSync(url, 'utf8');
    for (const [, specifier] of source.matchAll(IMPORT)) visit(new URL(specifier!, url));
    done.add(href);
    const text = source.replaceAll(IMPORT, '').replaceAll(EXPORT, '');
    const left = /^(?:import|export)\b.*$/m.exec(text);
    if (left) throw new Error(`${href}: "${left[0]}" is a form that cannot be inlined`);
    for (const [, name] of text.matchAll(/^(?:async )?(?:function|const|let|class) (\w+)/gm)) {
      const before = declaredIn.get(name!);
      if (before !== undefined) throw new Error(`${href}: "${name}" is declared in ${before} too`);
      declaredIn.set(name!, href);
    }
    texts.push(text.trim());
  };
  visit(entry);
  return texts.join('\n\n');
}
