// The page: a question and its answer above, what steering does below.
import { set } from '../../../../runtime/page/dom.js';
import { count, rate } from '../../../../runtime/page/format.js';
import { ask, giveToken, tokenGiven } from './api.js';
import { candidateTable, wordList } from './candidate-table.js';
import { LiveFeed } from './live-feed.js';
import { LiveTiles, spotTable } from './live-tiles.js';
import { curlCommand, fillForm, readable, readForm } from './query.js';
import { Rates, SpotRates } from './rates.js';
import { SiteMap } from './site-map.js';
import { spoken, verdictRows } from './verdict.js';

const FOLLOW_MS = 2000;
/** A world of more places is looked at half as often. */
const MANY_SPOTS = 500;

const byId = (id) => document.getElementById(id);
const form = byId('ask');
const rates = new Rates();
const spotRates = new SpotRates();
const tiles = new LiveTiles(byId('tiles'));
const feed = new LiveFeed(look, 1000);

let world = null;
let map = null;
let instance = null;
let revision = -1;
/** what the page shows now; null before the first question */
let asked = null;
let shown = null;
let unfolds = false;
let followTimer = null;
let lastGood = null;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void explain(readForm(form), { remembers: true });
});
addEventListener('popstate', () => {
  const parameters = new URLSearchParams(location.search);
  fillForm(form, parameters);
  if (parameters.has('path')) void explain(parameters);
});
byId('follow').addEventListener('change', followOn);
document.addEventListener('visibilitychange', followOn);
byId('copy-link').addEventListener('click', (event) => copy(event.target, permalink(), null));
byId('copy-curl').addEventListener('click', (event) => copy(event.target, byId('curl').textContent, byId('curl')));
byId('use-token').addEventListener('click', useToken);
byId('token').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  useToken();
});

const given = new URLSearchParams(location.search);
fillForm(form, given);
feed.start();

/** One look at the counters; the world first, and again after a restart. */
async function look() {
  try {
    if (world === null) await openWorld();
    const live = await ask(`/v1/explain/live${revision >= 0 ? `?since=${revision}` : ''}`);
    if (instance !== null && live.instance !== instance) return restarted();
    instance = live.instance;
    revision = live.revision;
    showLive(live);
  } catch (problem) {
    showLink(problem);
    throw problem;
  }
}

async function openWorld() {
  world = await ask('/v1/explain/world');
  byId('who').textContent = world.id === 'steering' ? '' : `· ${world.id}`;
  document.title = `Explain · ${world.id}`;
  byId('live-note').textContent =
    `${count(world.sites)} sites, ${count(world.servers)} servers, together ${rate(world.capacityBps)}`;
  map = new SiteMap(byId('map'), byId('zoom'), byId('legend'), world);
  feed.everyMs(world.spots.name.length > MANY_SPOTS ? 2000 : 1000);
  offerExamples();
  if (asked === null) await firstQuestion();
}

/** The address bar's question; else that of whoever opened the page, or of an address that the topology has. */
async function firstQuestion() {
  const parameters = readForm(form);
  if (!parameters.has('path')) {
    form.elements.path.value = '/live/demo/';
    if (!parameters.has('ip') && world.examples.length > 0) form.elements.ip.value = world.examples[0].address;
  }
  await explain(readForm(form));
}

function offerExamples() {
  const { examples } = world;
  byId('try').hidden = examples.length === 0;
  const options = examples.map(({ address, label }) => {
    const option = document.createElement('option');
    set(option, { value: address, label });
    return option;
  });
  byId('examples').replaceChildren(...options);
  const buttons = examples.map(({ address, label }) => {
    const button = document.createElement('button');
    set(button, { type: 'button', class: 'small', title: address });
    button.textContent = label;
    button.addEventListener('click', () => {
      form.elements.ip.value = address;
      form.requestSubmit();
    });
    return button;
  });
  byId('try').replaceChildren('Viewers to try: ', ...buttons);
}

/** @param remembers whether the question becomes a place to go back to */
async function explain(parameters, { remembers = false, follows = false } = {}) {
  let answer;
  try {
    answer = await ask(`/v1/explain?${parameters}`);
  } catch (problem) {
    return showProblem(problem);
  }
  showProblem(null);
  asked = parameters;
  const url = `${location.pathname}?${readable(parameters)}`;
  if (remembers && url !== location.pathname + location.search) history.pushState(null, '', url);
  else history.replaceState(null, '', url);
  show(answer, follows);
}

function show(answer, follows) {
  for (const id of ['answer-part', 'candidates-part']) byId(id).hidden = false;
  byId('verdict').replaceChildren(...verdictRows(answer));
  byId('curl').textContent = curlCommand(asked, tokenGiven() !== null);
  const { candidates, leftOut } = answer;
  shown = answer;
  showCandidates();
  byId('candidates-note').textContent =
    `${count(candidates.length)} in order; sites farther out are not looked at once enough servers take the session.` +
    (leftOut > 0 ? ` ${count(leftOut)} more are left out here.` : '');
  byId('words').replaceChildren(...wordList(candidates));
  map?.show(answer, !follows);
  if (!follows) byId('heard').textContent = spoken(answer);
}

/** What is scrolled to and has the focus stays so when the same is asked again. */
function showCandidates() {
  const part = byId('candidates');
  const scrolled = part.firstChild?.scrollTop ?? 0;
  const focused = document.activeElement?.closest('[data-server]')?.dataset.server;
  const onMore = document.activeElement?.matches('.more') ?? false;
  const onUnfold = () => {
    unfolds = !unfolds;
    showCandidates();
  };
  part.replaceChildren(...candidateTable(shown, { onPoint: pointAt, unfold: unfolds, onUnfold }));
  part.firstChild.scrollTop = scrolled;
  if (onMore) part.querySelector('.more').focus();
  else if (focused) part.querySelector(`[data-server="${CSS.escape(focused)}"] button`)?.focus({ preventScroll: true });
}

function pointAt(position, moves) {
  map?.point(position);
  if (moves) byId('map').scrollIntoView({ block: 'center' });
}

function showLive(live) {
  rates.add({
    atMs: live.atMs,
    groups: {
      answers: toPlayers(live.answers),
      firstChoices: { all: live.firstChoices },
      locatedBy: live.locatedBy,
      reports: live.reports,
      admission: live.admission,
    },
  });
  rates.addGauge('up', live.nodes.up ?? 0);
  spotRates.add(live.spots, live.atMs);
  map.update(live.spots);
  tiles.show(live, rates);
  byId('spots').replaceChildren(spotTable(map.spots, spotRates.top(10)));
  lastGood = new Date();
  showLink(null);
}

/** Reports have a figure of their own. */
function toPlayers({ report: _report, ...answers }) {
  return answers;
}

/** Counters begin anew, and the files may be others. */
function restarted() {
  location.reload();
}

function showLink(problem) {
  const link = byId('link');
  const text =
    problem === null
      ? 'live'
      : problem.needsToken
        ? 'token needed'
        : lastGood === null
          ? 'no answer'
          : `silent since ${lastGood.toLocaleTimeString()}`;
  // Told to those who listen only when it changes.
  if (link.textContent !== text) link.textContent = text;
  link.className = problem === null ? 'tag good' : 'tag bad';
  if (problem?.needsToken) showProblem(problem);
  else if (problem !== null && asked === null) showProblem(problem);
  else if (problem === null && byId('problem').dataset.kind === 'link') showProblem(null);
}

function showProblem(problem) {
  const line = byId('problem');
  line.hidden = problem === null;
  line.textContent = problem === null ? '' : problem.message;
  line.dataset.kind = problem === null || problem.field !== null ? '' : 'link';
  for (const field of form.elements) {
    const wrong =
      problem !== null &&
      problem.field !== null &&
      field.name === (problem.field === 'nominalBps' ? 'mbps' : problem.field);
    set(field, { 'aria-invalid': wrong ? 'true' : null, 'aria-describedby': wrong ? 'problem' : null });
    if (wrong) field.focus();
  }
  if (problem?.needsToken) byId('token-part').hidden = false;
}

function useToken() {
  giveToken(byId('token').value.trim());
  byId('token').value = '';
  byId('token-part').hidden = true;
  showProblem(null);
  feed.again();
}

function followOn() {
  clearTimeout(followTimer);
  if (!byId('follow').checked || document.hidden || asked === null) return;
  followTimer = setTimeout(async () => {
    await explain(asked, { follows: true });
    followOn();
  }, FOLLOW_MS);
}

function permalink() {
  return `${location.origin}${location.pathname}?${readable(asked)}`;
}

/** Where the browser lends no clipboard (a page that is neither HTTPS nor on loopback), the text is selected instead. */
async function copy(button, text, shown) {
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    if (shown === null) prompt('Copy this link:', text);
    else {
      getSelection().selectAllChildren(shown);
      button.textContent = 'Press Ctrl-C';
    }
  }
  setTimeout(() => (button.textContent = label), 2000);
}
