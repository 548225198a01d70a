import test from 'ava';
import * as fc from 'fast-check';
import type { NodeReport } from '../../../topology/model/node-report.ts';
import { DEFAULT_HEALTH } from './health.ts';
import { NodeTable } from './node-table.ts';
import { tell, type Viewers } from './viewers.fixture.ts';
import { CAPACITY_BPS, makeSites, reportOf } from '../world.fixture.ts';

test('only the edges of the sites file get in, at the site where the file has them', (t) => {
  const nodes = new NodeTable(makeSites([1, 1]), DEFAULT_HEALTH, 0);
  t.is(nodes.report(reportOf('fra-9'), 10), 'unknown-node');
  t.is(nodes.report(reportOf('fra-1', { role: 'shield' }), 10), 'not-an-edge');
  t.is(nodes.report(reportOf('fra-1', { site: 'nyc' }), 10), 'other-site');
  t.is(nodes.verdict('fra-1', 10).standing, 'unheard', 'a refused report changes nothing');
  t.is(nodes.report(reportOf('fra-1'), 10), null);
  t.is(nodes.verdict('fra-1', 10).standing, 'up');
  t.is(nodes.verdict('nyc-1', 10).standing, 'unheard');
});

test('servers are numbered in the order of the file', (t) => {
  const nodes = new NodeTable(makeSites([2, 1]), DEFAULT_HEALTH, 0);
  t.deepEqual(
    ['fra-1', 'fra-2', 'nyc-1', 'nobody'].map((id) => nodes.numberOf(id)),
    [0, 1, 2, -1],
  );
  nodes.report(reportOf('nyc-1'), 10);
  t.is(nodes.verdictAt(2, 10), nodes.verdict('nyc-1', 10));
});

test('what is reserved, and when that was heard; an older node’s egress stands for it', (t) => {
  const nodes = new NodeTable(makeSites([2]), DEFAULT_HEALTH, 0);
  t.is(nodes.reservedBpsAt(0), 0);
  t.is(nodes.reportedAtMs(0), -Infinity);
  nodes.report(reportOf('fra-1', { reservedBps: 3e8, egressBps: 1e8 }), 500);
  nodes.report(reportOf('fra-2', { egressBps: 1e8, reservedBps: undefined }), 700);
  t.deepEqual([nodes.reservedBpsAt(0), nodes.reportedAtMs(0)], [3e8, 500]);
  t.deepEqual([nodes.reservedBpsAt(1), nodes.reportedAtMs(1)], [1e8, 700]);
});

test('a node that boasts of capacity has no more than the file gives it; one with less has less', (t) => {
  const nodes = new NodeTable(makeSites([1]), DEFAULT_HEALTH, 0);
  nodes.report(reportOf('fra-1', { capacityBps: 1e13, egressBps: 0.9 * CAPACITY_BPS }), 10);
  t.is(nodes.capacityBpsAt(0), CAPACITY_BPS);
  t.true(nodes.verdict('fra-1', 10).score < 0.5, 'and it is busy by the file’s measure');
  nodes.report(reportOf('fra-1', { capacityBps: 4e8 }), 1010);
  t.is(nodes.capacityBpsAt(0), 4e8);
});

const NETWORKS: readonly Viewers[] = ['a', 'b', 'c', 'd'].map((network) => ({
  network,
  clients: 12,
  servers: [0, 1, 2, 3],
}));

/** Two sites with two servers each, that report, are probed and have viewers; time is the test's own. */
class Night {
  readonly nodes = new NodeTable(makeSites([2, 2]), DEFAULT_HEALTH, 0);
  readonly ids = ['fra-1', 'fra-2', 'nyc-1', 'nyc-2'];
  nowMs = 0;
  #sequence = 0;

  pass(
    seconds: number,
    {
      reports = () => ({}),
      answers = () => true,
      failing = () => 0.005,
      viewers = NETWORKS,
    }: {
      reports?: (id: string) => Partial<NodeReport> | null;
      answers?: (server: number) => boolean;
      failing?: Parameters<typeof tell>[3];
      viewers?: readonly Viewers[];
    } = {},
  ): void {
    for (let second = 0; second < seconds; second++) {
      this.#sequence++;
      this.ids.forEach((id, server) => {
        const changes = reports(id);
        if (changes !== null) this.nodes.report(reportOf(id, { sequence: this.#sequence, ...changes }), this.nowMs);
        // A dead one is asked each second, the others in turn.
        const inTurn = this.#sequence % 5 === server;
        const wellAt = answers(server);
        if (inTurn || !wellAt) this.nodes.probed(server, wellAt, inTurn, this.nowMs, this.nowMs + 20);
      });
      this.nowMs = tell(
        1,
        this.nowMs,
        viewers,
        failing,
        (server, network, client, sign, nowMs) => void this.nodes.playerTold(server, network, client, sign, nowMs),
        (nowMs) => this.nodes.settle(nowMs),
      );
    }
  }

  said(): string[] {
    return this.ids.map((id) => {
      const { standing, score } = this.nodes.verdict(id, this.nowMs);
      return `${standing} ${score}`;
    });
  }
}

test('a node that reports health and answers nobody has nothing left within seconds', (t) => {
  const night = new Night();
  night.pass(20);
  t.deepEqual(night.said(), ['up 1', 'up 1', 'up 1', 'up 1']);
  night.pass(10, { answers: (server) => server !== 1, failing: (_network, server) => (server === 1 ? 1 : 0.005) });
  t.deepEqual(night.said(), ['up 1', 'down 0', 'up 1', 'up 1']);
  t.deepEqual(night.nodes.verdict('fra-2', night.nowMs).reasons, ['probe-fails', 'players-fail']);
});

test('a node that only players find bad keeps a fiftieth, so that somebody can tell of its recovery', (t) => {
  const night = new Night();
  night.pass(20);
  night.pass(12, { failing: (_network, server) => (server === 1 ? 1 : 0.005) });
  t.deepEqual(night.said(), ['up 1', 'up 0.02', 'up 1', 'up 1']);
});

test('a node whose reports stop, but that answers, is suspect; without an answer it is dead', (t) => {
  const night = new Night();
  night.pass(20);
  night.pass(10, { reports: (id) => (id === 'fra-2' ? null : {}) });
  t.deepEqual(night.said(), ['up 1', 'suspect 0', 'up 1', 'up 1']);
  t.deepEqual(night.nodes.verdict('fra-2', night.nowMs).reasons, ['unreported']);
  night.pass(30, {
    reports: (id) => (id === 'fra-2' ? null : {}),
    answers: (server) => server !== 1,
    failing: (_network, server) => (server === 1 ? 1 : 0),
  });
  t.is(night.said()[1], 'down 0');
});

test('with no report from anybody, as when keys are wrong, those that answer are all suspect, and none is dead', (t) => {
  const night = new Night();
  night.pass(30, { reports: () => null });
  t.deepEqual(night.said(), ['suspect 0', 'suspect 0', 'suspect 0', 'suspect 0']);
});

test('when this service reaches nobody, reports and players decide', (t) => {
  const night = new Night();
  night.pass(20);
  night.pass(30, { answers: () => false });
  t.deepEqual(night.said(), ['up 1', 'up 1', 'up 1', 'up 1']);
});

test('a network where everything fails takes no node down, however many of its viewers tell', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0.2, max: 1, noNaN: true }), (clients, share) => {
      const night = new Night();
      const viewers = [...NETWORKS, { network: 'bad', clients, servers: [0, 1, 2, 3] }];
      night.pass(20, { viewers });
      night.pass(30, { viewers, failing: (network) => (network === 'bad' ? share : 0.005) });
      return night.said().every((said) => said === 'up 1');
    }),
    { numRuns: 15 },
  );
  t.pass();
});

test('recovery ramps: after all witnesses speak well again the share grows for a minute', (t) => {
  const night = new Night();
  night.pass(20);
  night.pass(12, { answers: (server) => server !== 1, failing: (_network, server) => (server === 1 ? 1 : 0.005) });
  const scores: number[] = [];
  for (let second = 0; second < 140; second++) {
    night.pass(1);
    scores.push(night.nodes.verdict('fra-2', night.nowMs).score);
  }
  t.is(scores[0], 0);
  t.is(scores.at(-1), 1);
  const most = Math.max(...scores.slice(1).map((score, index) => score - scores[index]!));
  t.true(most <= 0.15, `grew by ${most} in a second`);
});

test('whatever is reported, found and told, a verdict is a share with a reason, and the same for who asks again', (t) => {
  const step = fc.record({
    server: fc.nat(3),
    kind: fc.constantFrom('report', 'probe', 'player', 'settle', 'pass'),
    afterMs: fc.nat(3000),
    well: fc.boolean(),
    load: fc.double({ min: 0, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const nodes = new NodeTable(makeSites([2, 2]), DEFAULT_HEALTH, 0);
      let nowMs = 0;
      let sequence = 0;
      for (const { server, kind, afterMs, well, load } of steps) {
        nowMs += afterMs;
        const id = ['fra-1', 'fra-2', 'nyc-1', 'nyc-2'][server]!;
        if (kind === 'report') {
          const changes = { sequence: ++sequence, egressBps: load * CAPACITY_BPS, errorShare: well ? 0 : 0.5 };
          nodes.report(reportOf(id, changes), nowMs);
        } else if (kind === 'probe') nodes.probed(server, well, true, nowMs, nowMs);
        else if (kind === 'player')
          nodes.playerTold(server, `n${afterMs % 3}`, afterMs, well ? 'well' : 'broken', nowMs);
        else if (kind === 'settle') nodes.settle(nowMs);
        for (let each = 0; each < 4; each++) {
          const verdict = nodes.verdictAt(each, nowMs);
          if (nodes.verdictAt(each, nowMs) !== verdict && verdict.score !== nodes.verdictAt(each, nowMs).score)
            return false;
          if (!(verdict.score >= 0 && verdict.score <= 1) || verdict.reasons.length === 0) return false;
          if (verdict.standing !== 'up' && verdict.score !== 0) return false;
        }
      }
      return true;
    }),
  );
  t.pass();
});

test('a verdict that is kept is the one that would be made anew', (t) => {
  // Two tables live through the same; one is asked all the time, the other only at the end.
  const step = fc.record({
    afterMs: fc.nat(1500),
    kind: fc.constantFrom('report', 'silence', 'bad', 'probe', 'fail', 'settle'),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const tables = [0, 1].map(() => new NodeTable(makeSites([2, 1]), DEFAULT_HEALTH, 0));
      let nowMs = 0;
      let sequence = 0;
      for (const { afterMs, kind } of steps) {
        nowMs += afterMs;
        for (const nodes of tables) {
          const changes = { sequence, errorShare: kind === 'bad' ? 1 : 0 };
          if (kind === 'report' || kind === 'bad') nodes.report(reportOf('fra-1', changes), nowMs);
          if (kind === 'probe' || kind === 'fail') nodes.probed(0, kind === 'probe', true, nowMs, nowMs);
          if (kind === 'probe') nodes.probed(1, true, true, nowMs, nowMs);
          if (kind === 'settle') nodes.settle(nowMs);
        }
        sequence++;
        for (let laterMs = 0; laterMs < 300; laterMs += 37) tables[0]!.verdictAt(0, nowMs + laterMs);
      }
      return JSON.stringify(tables[0]!.verdictAt(0, nowMs)) === JSON.stringify(tables[1]!.verdictAt(0, nowMs));
    }),
    { numRuns: 300 },
  );
  t.pass();
});
