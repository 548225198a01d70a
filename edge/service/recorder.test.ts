import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createLog } from '../../runtime/log.ts';
import { edgePolicySchema } from '../policy/edge-config.ts';
import { EdgeMachine } from '../policy/machine.ts';
import type { EdgeSink } from '../policy/sink.ts';
import { openRecorder } from './recorder.ts';
import { replayFile } from './replay-file.ts';

const LAYOUT = { self: 'edge-1', site: [], upstreams: 1 };
const silent = new Proxy({}, { get: () => () => {} }) as EdgeSink;

test('a full disk ends the recording and leaves the machine deciding', (t) => {
  const policy = edgePolicySchema.parse({});
  const recorder = openRecorder('/dev/full', policy, LAYOUT, createLog('recorder-test', 'silent'));
  const machine = recorder.makeMachine(silent);
  t.true(machine instanceof EdgeMachine);
  for (let request = 1; request <= 2000; request++) {
    machine.define(request, request, -1, 0);
    machine.request(request, request, 0, request, request);
  }
  t.is(machine.stats.requests, 2000);
  t.notThrows(() => recorder.close());
});

test('a header that is not whole is one clear line', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-recorder-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'recording');
  writeFileSync(path, '{"recording":"undercard-edge-machine","version":1}\n');
  t.throws(() => replayFile(path), { code: 'BAD_INPUT', message: /:1: not a whole header: layout/ });
});
