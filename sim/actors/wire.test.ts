import test from 'ava';
import { Engine } from '../engine/engine.ts';
import { FlowNetwork } from '../network/flow-network.ts';
import { Wire, type WireAsker, type WireFailure, type WirePath, type WireServer } from './wire.ts';

const HEADER_BYTES = 100;

/** One server behind a link of 8 Mbit/s (1,000 bytes a millisecond) and 10 ms one way. */
function world() {
  const engine = new Engine();
  const network: FlowNetwork = new FlowNetwork(engine.timers, [8e6], {
    done: (tag, nowMs) => wire.flowDone(tag, nowMs),
  });
  const wire: Wire = new Wire(engine, network, { headerBytes: HEADER_BYTES, tickMs: 0 });
  const log: string[] = [];
  const say = (what: string) => log.push(`${engine.nowMs} ${what}`);
  let sentBytes = 0;
  const server: WireServer & { standing: 'up' | 'off' | 'dark'; onReceive: (exchange: number) => void } = {
    standing: 'up',
    onReceive: (exchange) => wire.respond(exchange, 200, 4900, 1000, 0, false),
    receive(exchange) {
      say('received');
      server.onReceive(exchange);
    },
    gone: () => say('gone'),
    sent: (_exchange, bytes) => (sentBytes += bytes),
  };
  const asker: WireAsker = {
    head: () => say('head'),
    done: () => say('done'),
    failed: (exchange: number, cause: WireFailure) => say(`failed ${cause} ${wire.status[exchange]}`),
  };
  const number = wire.addServer(server);
  const kind = wire.addAskers(asker, false);
  const headKind = wire.addAskers(asker, true);
  const way: WirePath = { path: network.path([0]), oneWayMs: 10, capBps: Infinity, down: false };
  const ask = ({ setUpMs = 0, capBps = 8e6, windowBytes = Infinity, askerKind = kind } = {}) =>
    wire.ask(askerKind, 0, 1, number, 0, way, setUpMs, capBps, windowBytes);
  return { engine, network, wire, log, server, way, ask, headKind, sent: () => sentBytes };
}

test('a fetch takes set-up, two ways and the body at its rate', (t) => {
  const { engine, log, ask, sent } = world();
  ask({ setUpMs: 40 });
  engine.run(1000);
  // 40 set-up + 10 there + 10 back + 5,000 bytes at 1,000 a millisecond
  t.deepEqual(log, ['50 received', '65 done']);
  t.is(sent(), 4900 + HEADER_BYTES);
});

test('slow start costs the round trips that its windows do not fill', (t) => {
  const { engine, wire, log, server, ask } = world();
  server.onReceive = (exchange) => wire.respond(exchange, 200, 40_000, 0, 0, false);
  ask({ windowBytes: 5000 });
  engine.run(1000);
  // The pipe holds 20,000 bytes: windows of 5,000 and 10,000 leave 15 and 10 ms of their round trips idle.
  t.deepEqual(log, ['10 received', `${20 + 25 + 40_100 / 1000} done`]);
});

test('an asker that wants heads gets one before the body', (t) => {
  const { engine, log, ask, headKind } = world();
  ask({ askerKind: headKind });
  engine.run(1000);
  t.deepEqual(log, ['10 received', '20 head', '25 done']);
});

test('a body that its server is still receiving ends no sooner than there and the way', (t) => {
  const { engine, wire, log, server, ask } = world();
  let held = -1;
  server.onReceive = (exchange) => {
    held = exchange;
    wire.respond(exchange, 200, 4900, 0, 0, true);
  };
  ask();
  engine.run(60);
  t.deepEqual(log, ['10 received'], 'all bytes that there are have come, and it waits for more');
  wire.sourceEnded(held);
  engine.run(1000);
  t.is(log.at(-1), '70 done');
});

test('a server that is off refuses, one that is dark is never heard of', (t) => {
  const off = world();
  off.server.standing = 'off';
  off.ask();
  off.engine.run(1000);
  t.deepEqual(off.log, ['20 failed refused 0']);
  const dark = world();
  dark.server.standing = 'dark';
  dark.ask();
  dark.engine.run(100_000);
  t.deepEqual(dark.log, []);
});

test('a way that is down swallows what is sent over it', (t) => {
  const { engine, log, way, ask } = world();
  way.down = true;
  ask();
  engine.run(100_000);
  t.deepEqual(log, []);
});

test('a refusal carries its status back', (t) => {
  const { engine, wire, log, server, ask } = world();
  server.onReceive = (exchange) => wire.refuse(exchange, 404, 500, 3);
  ask();
  engine.run(1000);
  t.deepEqual(log, ['10 received', '23 failed answered 404']);
});

test('a cut ends the answer in the middle, and what was carried is what was sent', (t) => {
  const { engine, network, wire, log, ask, sent } = world();
  const exchange = ask();
  engine.run(22);
  wire.cut(exchange);
  engine.run(1000);
  t.deepEqual(log, ['10 received', '32 failed broken 200']);
  t.is(sent(), 2000);
  t.is(network.linkBytes(0, 1000), 2000);
});

test('who cancels keeps what had come, and the server hears of it one way later', (t) => {
  const { engine, wire, log, ask, sent } = world();
  const exchange = ask();
  engine.run(23);
  t.is(wire.cancel(exchange), 3000 - HEADER_BYTES);
  engine.run(1000);
  t.deepEqual(log, ['10 received', '33 gone']);
  t.is(sent(), 3000);
  t.is(wire.active, 0);
});

test('what is cancelled on its way there still arrives, as nothing', (t) => {
  const { engine, wire, log, ask } = world();
  const exchange = ask();
  engine.run(5);
  t.is(wire.cancel(exchange), 0);
  engine.run(1000);
  t.deepEqual(log, ['15 gone']);
  t.is(wire.active, 0);
});

test('two transfers share the link, and each gets half', (t) => {
  const { engine, log, ask } = world();
  ask();
  ask();
  engine.run(1000);
  t.deepEqual(log, ['10 received', '10 received', '30 done', '30 done']);
});

test('a broken way tells its ends by a reset, or not at all', (t) => {
  const reset = world();
  const broken = reset.ask();
  reset.engine.run(22);
  reset.wire.breakWay(broken, true);
  reset.engine.run(1000);
  t.deepEqual(reset.log, ['10 received', '22 gone', '32 failed broken 200']);
  const silent = world();
  const lost = silent.ask();
  silent.engine.run(22);
  silent.wire.breakWay(lost, false);
  silent.engine.run(100_000);
  t.deepEqual(silent.log, ['10 received', '22 gone']);
  t.is(silent.wire.cancel(lost), 2000 - HEADER_BYTES, 'what had come before it broke');
  t.is(silent.wire.active, 0);
});
