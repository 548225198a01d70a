/* global Hls */
// The watch page: hls.js really playing through steering, and the demo's state beside it.

const $ = (id) => document.getElementById(id);
const video = $('video');
const SEGMENTS_SHOWN = 12;

/** What tests and the curious may read: each segment with the edge it came from, and the stalls. */
const watched = (window.undercard = {
  segments: [],
  stalls: 0,
  stalledMs: 0,
  startedAtMs: null,
  errors: [],
  hls: null,
});

let status = null;
let edgeNames = new Map();

async function refresh() {
  try {
    status = await (await fetch('status.json')).json();
  } catch {
    $('lead').textContent = 'The demo has ended. Start it again with npm start.';
    return;
  }
  edgeNames = new Map(status.processes.filter(({ url }) => url).map(({ name, url }) => [new URL(url).host, name]));
  showProcesses();
  showViewers();
  $('happened').replaceChildren(...status.happened.toReversed().map((text) => element('li', text)));
}

function showProcesses() {
  const serving = watched.segments.at(-1)?.edge;
  const rows = status.processes.map(({ name, site, running, counters }) => {
    const row = element('tr');
    row.className = running ? (name === serving ? 'serving' : '') : 'down';
    const numbers = counters
      ? [counters.requests, counters.hits, counters.collapsed, counters.fills, megabytes(counters.egressBytes)]
      : ['', '', '', '', ''];
    for (const cell of [name, site ?? '', ...numbers]) row.append(element('td', String(cell ?? '')));
    const action = running ? 'kill' : 'restart';
    const button = element('button', running ? 'stop' : 'start');
    button.addEventListener('click', () => act(action, name));
    const last = element('td');
    last.append(button);
    row.append(last);
    return row;
  });
  $('processes').replaceChildren(...rows);
}

function showViewers() {
  const viewers = status.viewers;
  const facts = viewers
    ? [
        ['playing', `${viewers.playing} of ${viewers.arrived}`],
        ['start-up p50 / p95', `${ms(viewers.startupMs.p50)} / ${ms(viewers.startupMs.p95)}`],
        ['stalls', viewers.stalls.count],
        ['bitrate', viewers.meanBitrateBps ? `${(viewers.meanBitrateBps / 1e6).toFixed(2)} Mbit/s` : '–'],
        ['latency p50 / p95', `${ms(viewers.latencyMs.p50)} / ${ms(viewers.latencyMs.p95)}`],
        ['switched server', viewers.serverSwitches],
      ]
    : [['playing', 'not yet']];
  $('viewers').replaceChildren(
    ...facts.map(([name, value]) => {
      const box = element('div');
      box.append(element('dt', name), element('dd', String(value)));
      return box;
    }),
  );
}

async function act(kind, name) {
  await fetch(`${kind}?name=${encodeURIComponent(name)}`, { method: 'POST', headers: { 'Undercard-Demo': '1' } });
  await refresh();
}

function play(country) {
  watched.hls?.destroy();
  const address = status.addresses[country];
  const session = `page-${Math.random().toString(36).slice(2)}`;
  const query = new URLSearchParams({ session, ...(address ? { ip: address } : {}) });
  const hls = new Hls({
    // A server that is gone refuses at once: asking it again helps nobody, the next pathway does.
    fragLoadPolicy: policy(8000),
    playlistLoadPolicy: policy(6000),
    liveSyncDurationCount: 3,
    enableWorker: true,
  });
  watched.hls = hls;
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, networkDetails }) => loaded(frag, networkDetails));
  hls.on(Hls.Events.ERROR, (_event, data) => failed(data));
  hls.loadSource(`${status.steering}/play/${status.eventId}.m3u8?${query}`);
  hls.attachMedia(video);
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch(() => {}));
}

function policy(timeoutMs) {
  return {
    default: {
      maxTimeToFirstByteMs: timeoutMs,
      maxLoadTimeMs: timeoutMs * 2,
      timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 1, retryDelayMs: 200, maxRetryDelayMs: 500 },
    },
  };
}

function loaded(frag, response) {
  if (frag.sn === 'initSegment') return;
  const cacheStatus = response.getResponseHeader?.('Cache-Status') ?? '';
  // Each cache appends its member; the one nearest to us is the last (RFC 9211).
  const nearest = cacheStatus.split(',').at(-1).trim();
  const [edge, ...parameters] = nearest.split(';').map((part) => part.trim());
  watched.segments.push({
    atMs: performance.now(),
    requestedAtMs: performance.now() - (frag.stats.loading.end - frag.stats.loading.start),
    number: frag.sn,
    kind: frag.type,
    edge: edge || edgeNames.get(new URL(frag.url).host) || '?',
    how: parameters.includes('hit') ? 'hit' : parameters.includes('collapsed') ? 'collapsed' : 'miss',
    bytes: frag.stats.total,
  });
  showSegments();
}

function failed({ details, fatal, frag, type }) {
  const host = frag?.url ? edgeNames.get(new URL(frag.url).host) : undefined;
  watched.errors.push({ atMs: performance.now(), details, fatal, edge: host });
  showSegments();
  if (!fatal) return;
  // Nothing is left to try: begin again, as a viewer would.
  if (type === Hls.ErrorTypes.MEDIA_ERROR) watched.hls.recoverMediaError();
  else setTimeout(() => play($('country').value), 1000);
}

function showSegments() {
  const recent = watched.segments.slice(-SEGMENTS_SHOWN).toReversed();
  $('segments').replaceChildren(
    ...recent.map(({ number, kind, edge, how, bytes }) => {
      const item = element('li');
      const mark = element('span', how);
      mark.className = how === 'hit' ? 'hit' : 'miss';
      item.append(
        element('span', `${kind} ${number}`),
        element('span', edge),
        mark,
        element('span', `${Math.round(bytes / 1000)} kB`),
      );
      return item;
    }),
  );
  const last = watched.segments.at(-1);
  if (last) {
    $('served').textContent = last.edge;
    $('cache').textContent = last.how;
  }
}

function showPlayback() {
  const hls = watched.hls;
  if (!hls) return;
  const level = hls.levels[hls.currentLevel];
  const end = video.buffered.length > 0 ? video.buffered.end(video.buffered.length - 1) : video.currentTime;
  $('quality').textContent = level ? `${level.height}p` : '…';
  $('buffer').textContent = `${Math.max(0, end - video.currentTime).toFixed(1)} s`;
  // Camera to screen: the wall clock against the programme date of the picture shown.
  const shown = hls.playingDate?.getTime();
  $('latency').textContent = shown ? `${((Date.now() - shown) / 1000).toFixed(1)} s` : '…';
  $('stalls').textContent = String(watched.stalls);
}

let stalledSince = null;
video.addEventListener('waiting', () => {
  // Before the first picture and while seeking to the live edge it waits too; that is no stall.
  if (watched.startedAtMs === null || video.seeking || stalledSince !== null) return;
  stalledSince = performance.now();
  watched.stalls++;
});
video.addEventListener('playing', () => {
  watched.startedAtMs ??= performance.now();
  if (stalledSince !== null) watched.stalledMs += performance.now() - stalledSince;
  stalledSince = null;
});

function element(tag, text) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  return made;
}

const megabytes = (value) => (value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`);
const ms = (value) =>
  value === null ? '–' : value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;

await refresh();
const countries = Object.keys(status.addresses);
$('country').replaceChildren(...countries.map((code) => element('option', code)));
$('country').addEventListener('change', () => play($('country').value));
setInterval(refresh, 1000);
setInterval(showPlayback, 250);
play(countries[0]);
