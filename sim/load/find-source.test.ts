import { createServer } from 'node:http';
import test from 'ava';
import { findSource } from './find-source.ts';
import { listen, shortSegments, SmallEdge, SmallSteering, urlOf } from './small-cdn.fixture.ts';

test('what answers like steering is steering, anything else a server', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  const steering = await new SmallSteering([edge.baseUrl]).listen();
  t.deepEqual(await findSource(new URL(steering.url), 'demo'), {
    kind: 'ok',
    source: { steeringUrl: steering.url },
    eventId: 'demo',
  });
  t.deepEqual(await findSource(new URL(edge.baseUrl), 'demo'), {
    kind: 'ok',
    source: { serverUrl: edge.baseUrl },
    eventId: 'demo',
  });
  edge.close();
  steering.close();
});

test('a path names the event, and the server needs not be asked', async (t) => {
  for (const path of ['/live/final/', '/live/final']) {
    t.deepEqual(await findSource(new URL(`http://127.0.0.1:9${path}`), 'demo'), {
      kind: 'ok',
      source: { serverUrl: 'http://127.0.0.1:9' },
      eventId: 'final',
    });
  }
});

test('an answer without end is given up, not kept', async (t) => {
  const chatter = createServer((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('y'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  await listen(chatter);
  const answer = await findSource(new URL(urlOf(chatter)), 'demo');
  t.regex(answer.kind === 'problem' ? answer.problem : '', /longer than 1048576 bytes/);
  chatter.close().closeAllConnections();
});

test('a URL that leads nowhere is a problem that says so', async (t) => {
  const broken = createServer((_, response) => response.writeHead(502).end());
  await listen(broken);
  const url = urlOf(broken);
  const answers = [await findSource(new URL(url), 'demo'), await findSource(new URL(`${url}/vod/x`), 'demo')];
  await new Promise((resolve) => broken.close(resolve).closeAllConnections());
  answers.push(await findSource(new URL(url), 'demo'));
  const problems = answers.map((answer) => (answer.kind === 'problem' ? answer.problem : ''));
  t.regex(problems[0]!, /502/);
  t.regex(problems[1]!, /\/live\/<event>\//);
  t.regex(problems[2]!, /nothing answers/);
});
