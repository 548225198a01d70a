// `undercard steering --record` and `undercard steering replay` as processes of their own: kills, full disks, exit codes.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Evening, temporaryFolder } from '../../steering/service/recorded-evening.fixture.ts';
import { demoSource, openSource, sitesFile } from '../../steering/service/steering.fixture.ts';
import type { CheckResult } from './replay.ts';

const UNDERCARD = fileURLToPath(new URL('../undercard.mjs', import.meta.url));
/** A busy machine takes its time to start a process. */
const PATIENCE_MS = 180_000;

interface Service {
  evening: Evening;
  pid: number;
  end: (signal: NodeJS.Signals) => Promise<void>;
}

async function openService(t: ExecutionContext, record: string, wrap: string[] = []): Promise<Service> {
  const events = await openSource(t, demoSource);
  const flags = ['--sites', await sitesFile(t), '--events-from', events.origin, '--record', record];
  const own = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--allow-ip-parameter', '--json'];
  const [program, ...args] = [...wrap, process.execPath, UNDERCARD, 'steering', ...flags, ...own] as [
    string,
    ...string[],
  ];
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const { urls } = await new Promise<{ urls: Record<string, string> }>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => resolve(JSON.parse(line)));
    void ended.then(() => reject(new Error('it ended before it was ready')));
  });
  return {
    evening: new Evening({ url: urls.listen!, admin: urls.admin! }),
    pid: child.pid!,
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

function replay(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [UNDERCARD, 'steering', 'replay', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function checked(record: string): Promise<CheckResult & { code: number }> {
  const { code, stdout } = await replay(record, '--check', '--json');
  return { code, ...(JSON.parse(stdout) as CheckResult) };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('it does not come about');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test.serial(
  'a kill costs the last batch at the most; the next start goes on in the same file; exit codes',
  async (t) => {
    t.timeout(PATIENCE_MS);
    const record = join(await temporaryFolder(t), 'steering.log');
    const first = await openService(t, record);
    await first.evening.pass();
    await until(async () => (await first.evening.lines('written')) > 100);
    await first.evening.view('last');
    await first.end('SIGKILL');
    const killed = await checked(record);
    t.like(killed, { code: 0, same: true, badLines: 0, uncompared: 0 });
    t.true(killed.decisions > 0 && killed.decisions <= first.evening.decisions);
    const second = await openService(t, record);
    await second.evening.pass();
    await second.end('SIGTERM');
    t.like(await checked(record), { code: 0, same: true, decisions: killed.decisions + second.evening.decisions });

    const without = await replay(record, '--without', 'fra');
    t.is(without.code, 0, without.stderr);
    t.regex(without.stdout, /fra → nyc/);
    const unknown = await replay(record, '--without', 'mars');
    t.deepEqual([unknown.code, unknown.stdout], [2, '']);
    t.is(unknown.stderr, 'undercard: --without: the record has no site "mars"; it has fra, nyc\n');
    const lines = readFileSync(record, 'utf8').split('\n');
    const at = lines.findIndex((line, index) => index > 60 && line.startsWith('["d"'));
    writeFileSync(record, lines.with(at, lines[at]!.replace(/\],(\d)/, '],1$1')).join('\n'));
    t.like(await checked(record), { code: 1, same: false, difference: { path: record, number: at + 1 } });
  },
);

test.serial('a full disk costs lines and no answer; with room again the record goes on', async (t) => {
  t.timeout(PATIENCE_MS);
  const record = join(await temporaryFolder(t), 'steering.log');
  // A limit on the size of files behaves as a disk that is full, and needs no rights.
  const { evening, pid, end } = await openService(t, record, ['sh', '-c', 'ulimit -Sf 40; exec "$@"', 'sh']);
  let round = 0;
  const view = async () => {
    await evening.report();
    t.deepEqual(await evening.view(`full-${round++}`), [200, 200, 200, 200]);
  };
  await until(async () => {
    await view();
    return (await evening.lines('lost')) > 0;
  });
  const stuck = await evening.lines('written');
  const lost = await evening.lines('lost');
  await until(async () => {
    await view();
    return (await evening.lines('lost')) > lost + 50;
  });
  t.true(readFileSync(record).length <= 40 * 1024);
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited']);
  await until(async () => {
    await view();
    return (await evening.lines('written')) > stuck + 20;
  });
  await end('SIGTERM');
  const result = await checked(record);
  t.like(result, { code: 0, same: true, badLines: 0 });
  t.true(result.uncompared > 0);
  t.regex(readFileSync(record, 'utf8'), /^\["g",[\d.]+,\d+,/m);
});
