import test from 'ava';
import { AnswerReader } from './parts/answer-reader.ts';
import { parseProcessStat, treeTicks } from './parts/cpu-time.ts';
import { median } from './parts/statistics.ts';
import { formatNumber, formatSize, formatTable } from './parts/table.ts';
import { bodyOf, parsePath, pathOf } from './parts/test-object.ts';
import { coresOf } from './parts/workplace.ts';
import { doubtIn, parseWrkOutput, wrkScript, type WrkResult } from './parts/wrk.ts';

const result: WrkResult = {
  requests: 1000,
  durationUs: 1_000_000,
  bytes: 1_400_000,
  p50Us: 500,
  p99Us: 900,
  errors: 0,
};
const witness = { answerBytes: 1400, servedCount: 1000, originRequests: 0 };

test('what the script prints is found among what wrk prints', (t) => {
  const line = `undercard-bench ${JSON.stringify(result)}`;
  t.deepEqual(parseWrkOutput(`Running 1s test @ http://127.0.0.1\n  99%  0.90ms\n${line}\nmore\n`), result);
  t.is(parseWrkOutput('Running 1s test\nRequests/sec: 1000\n'), null);
  t.is(parseWrkOutput(line.slice(0, -5)), null);
  t.is(parseWrkOutput('undercard-bench {"requests":1000}\n'), null);
  t.true(wrkScript().includes('wrk.headers["User-Agent"]'));
});

test('a run that measured something else than whole hits is doubted', (t) => {
  t.is(doubtIn(result, witness), null);
  t.is(doubtIn({ ...result, bytes: 1_400_000 + 64 * 1400 }, { ...witness, servedCount: 1064 }), null);
  t.regex(doubtIn({ ...result, errors: 1 }, witness)!, /1 errors/);
  t.regex(doubtIn({ ...result, bytes: 1_300_000 }, witness)!, /1300 bytes an answer/);
  t.regex(doubtIn({ ...result, bytes: 1_600_000 }, witness)!, /1600 bytes an answer/);
  t.regex(doubtIn(result, { ...witness, servedCount: 999 })!, /server counted 999/);
  t.regex(doubtIn(result, { ...witness, servedCount: 1065 })!, /server counted 1065/);
  t.regex(doubtIn(result, { ...witness, servedCount: Number.NaN })!, /server counted NaN/);
  t.regex(doubtIn(result, { ...witness, originRequests: 1 })!, /went to the origin/);
});

test('processor time is that of a process and all below it, whatever their names', (t) => {
  const stat = (pid: number, parentPid: number, name: string, times: string) =>
    parseProcessStat(`${pid} (${name}) S ${parentPid} 1 1 0 -1 4194560 900 0 0 0 ${times} 20 0 1 0 12345 1000 100`);
  const processes = [
    stat(30, 20, 'worker', '100 50 0 0'),
    stat(20, 10, 'nginx: master (a) b) 7', '1 2 3 4'),
    stat(10, 1, 'bench', '1000 0 0 0'),
    stat(40, 10, 'wrk', '500 0 0 0'),
  ];
  t.deepEqual(processes[1], { pid: 20, parentPid: 10, ticks: 10 });
  t.is(treeTicks(processes, 20), 160);
  t.is(treeTicks(processes, 99), 0);
});

test('an answer is whole only with status 200 and every byte right, however it is cut', (t) => {
  const body = Buffer.from('0123456789');
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n${body.toString()}`);
  for (let cut = 1; cut < answer.byteLength; cut++) {
    const reader = new AnswerReader(body);
    t.is(reader.push(Buffer.from(answer.subarray(0, cut))), 'more');
    t.is(reader.push(Buffer.from(answer.subarray(cut))), 'whole');
    t.is(reader.wireBytes, answer.byteLength);
    t.is(reader.close(), null);
  }
  const defectOf = (text: string) => {
    const reader = new AnswerReader(body);
    reader.push(Buffer.from(text));
    return reader.close();
  };
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
  t.regex(defectOf(`${head}012345678`)!, /only 9 of 10/);
  t.regex(defectOf(`${head}0123X56789`)!, /wrong bytes/);
  t.regex(defectOf(`${head}01234567890`)!, /1 bytes beyond/);
  t.regex(defectOf('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 10\r\n\r\n0123456789')!, /502/);
  t.regex(defectOf('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012345678')!, /Content-Length 9 instead of 10/);
  t.regex(defectOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')!, /no Content-Length/);
  t.regex(defectOf('')!, /only 0 of 10/);
});

test('paths name objects, and no two objects have the same body', (t) => {
  const object = { sizeBytes: 1024, delayMs: 200, name: 'herd-edge-1' };
  t.deepEqual(parsePath(pathOf(object)), object);
  for (const path of ['/', '/1024/200', '/99999999/0/x', '/1/99999/x', '/1/2/../x', '/-1/0/x'])
    t.is(parsePath(path), null);
  t.is(bodyOf(object).byteLength, 1024);
  t.notDeepEqual(bodyOf(object), bodyOf({ ...object, name: 'herd-edge-2' }));
});

test('medians, tables and cores', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.deepEqual([72_134.4, 354, 13.72, 1.426, 0.7123].map(formatNumber), ['72,134', '354', '13.7', '1.43', '0.712']);
  t.deepEqual([1024, 65_536, 1_048_576].map(formatSize), ['1 KB', '64 KB', '1 MB']);
  t.is(
    formatTable(
      [
        { title: 'peer', align: 'left' },
        { title: 'ms', align: 'right' },
      ],
      [
        ['nginx', '5'],
        ['a', '232'],
      ],
    ),
    'peer    ms\n─────  ───\nnginx    5\na      232',
  );
  t.deepEqual(coresOf('Cpus_allowed_list:\t0-1\n'), { server: 0, load: 1, origin: 1 });
  t.deepEqual(coresOf('Cpus_allowed_list:\t2,5-7\n'), { server: 2, load: 5, origin: 6 });
  t.throws(() => coresOf('Cpus_allowed_list:\t3\n'), { message: /two cores are needed/ });
});
