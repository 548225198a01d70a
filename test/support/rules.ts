/** Which room may import which (DESIGN §2); a room may always import itself. */
const ALLOWED: Record<string, readonly string[]> = {
  topology: [],
  runtime: ['topology'],
  edge: ['topology', 'runtime'],
  'origin-shield': ['edge', 'topology', 'runtime'],
  origin: ['topology', 'runtime'],
  steering: ['topology', 'runtime'],
  sim: ['topology', 'runtime'],
  cli: ['*'],
  bench: ['*'],
  deploy: ['*'],
  test: ['*'],
};

export function isPolicy(path: string): boolean {
  return (
    /(?:^|\/)policy\//.test(path) ||
    /^topology\/(?:model\/|quantities\.ts)/.test(path) ||
    path.startsWith('sim/player/')
  );
}

export function mayImport(from: string, to: string): boolean {
  const [fromRoom, toRoom] = [from.split('/')[0]!, to.split('/')[0]!];
  // A test beside its file may use test/support, and set up a neighbour's service as a peer is not its business.
  if (/\.(?:test|fixture)\.ts$/.test(from) && to.startsWith('test/support/')) return true;
  if (isPolicy(from) && !from.endsWith('.test.ts')) {
    if (!isPolicy(to)) return false;
    if (fromRoom === 'sim') return true;
  }
  if (fromRoom === toRoom || to === 'package.json') return true;
  if (fromRoom === 'sim' && isPolicy(to)) return true;
  const allowed = ALLOWED[fromRoom];
  return allowed !== undefined && (allowed.includes('*') || allowed.includes(toRoom));
}

/** Module specifiers of static and dynamic imports. */
export function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
}

const IMPURE =
  /\b(?:Date\s*[.(]|new\s+Date\b|Math\.random|await\b|async\b|Promise\b|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|performance\.|localeCompare|Intl\.|toLocale|Buffer\b|console\.)|['"]node:/g;

/** What the type checker cannot see in a policy file; comments do not count. */
export function impuritiesIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"])\/\/.*$/gm, '$1');
  return code.match(IMPURE) ?? [];
}
