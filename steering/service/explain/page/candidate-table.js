// Every candidate in order, with all that speaks for it and against it. Roles are told, because phones show rows as cards.
import { el } from '../../../../runtime/page/dom.js';
import { count, percent, rate } from '../../../../runtime/page/format.js';
import { loadClass } from './load.js';
import { meaningOf, ordinal, outcomeOf, toneOf } from './words.js';

const HEADS = ['Place', 'Server', 'How it is reached', 'Health', 'Promised of capacity', 'Reasons'];

/**
 * @param onPoint called with a position while a row is pointed at, then with null
 * @param unfold whether those are shown that would take the session, too, and come after enough others
 */
export function candidateTable({ candidates }, { onPoint, unfold, onUnfold }) {
  const spare = candidates.filter(isSpare).length;
  const table = el(
    'table',
    { class: 'cards', role: 'table', 'aria-label': 'Servers, the best first' },
    el(
      'thead',
      { role: 'rowgroup' },
      el(
        'tr',
        { role: 'row' },
        HEADS.map((head) => el('th', { scope: 'col', role: 'columnheader' }, head)),
      ),
    ),
    el(
      'tbody',
      { role: 'rowgroup' },
      candidates.map((candidate) => row(candidate, onPoint, isSpare(candidate) && !unfold)),
    ),
  );
  const more = el(
    'button',
    { type: 'button', class: 'more', hidden: spare === 0 },
    unfold ? 'Show fewer' : `Show ${count(spare)} more that would take the session`,
  );
  more.addEventListener('click', onUnfold);
  return [
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Servers, the best first' }, table),
    more,
  ];
}

function isSpare({ rank, taken }) {
  return rank === undefined && taken;
}

function row(candidate, onPoint, isFolded) {
  const { id, site, siteRank, rank, taken, position, distanceKm, standing, score } = candidate;
  const cell = (name, ...children) => el('td', { role: 'cell', class: name }, ...children);
  const name = el('button', { type: 'button', class: 'plain', title: 'Show it on the map' }, id);
  const tone = rank === undefined ? 'out' : taken ? 'in' : 'last';
  const made = el(
    'tr',
    { role: 'row', class: tone, 'data-server': id, hidden: isFolded },
    cell(
      'place',
      rank === undefined
        ? el('span', { class: 'dash', 'aria-label': 'not named' }, '–')
        : el('b', {}, String(rank + 1)),
    ),
    el(
      'th',
      { scope: 'row', role: 'rowheader', class: 'server' },
      name,
      el('small', {}, `${site}${distanceKm === undefined ? '' : `, ${count(distanceKm)} km`}`),
    ),
    cell('reached', ...reached(candidate, siteRank)),
    cell(
      'health',
      `${standing === 'up' ? 'up' : standing}`,
      standing === 'up' ? el('small', {}, `takes ${percent(score)} of its share`) : null,
    ),
    cell('load', ...load(candidate)),
    cell(
      'why',
      el('span', { class: 'outcome' }, outcomeOf(candidate)),
      el(
        'span',
        { class: 'chips' },
        candidate.reasons.map((reason) =>
          el('span', { class: `chip ${toneOf(reason)}`, title: meaningOf(reason) }, reason),
        ),
      ),
    ),
  );
  for (const event of ['pointerenter', 'focusin']) made.addEventListener(event, () => onPoint(position, false));
  for (const event of ['pointerleave', 'focusout']) made.addEventListener(event, () => onPoint(null, false));
  name.addEventListener('click', () => onPoint(position, true));
  return made;
}

function reached({ route }, siteRank) {
  const place = `${ordinal(siteRank + 1)} of its sites`;
  if (route === undefined) return [place];
  const { asPath, oneWayMs, localPreference, med, prefixLength } = route;
  const more = [`preference ${localPreference}`, `/${prefixLength}`, ...(med > 0 ? [`MED ${med}`] : [])];
  return [
    `${route.reach}, ${oneWayMs} ms one way`,
    el('small', {}, asPath.length === 0 ? place : `${place}; AS path ${asPath.join(' → ')}`),
    el('small', {}, more.join(', ')),
  ];
}

function load({ reservedBps, capacityBps }) {
  const share = capacityBps > 0 ? reservedBps / capacityBps : 0;
  const meter = el('i', { class: loadClass(share * 1000) });
  meter.style.width = `${Math.min(100, share * 100)}%`;
  return [
    el('span', { class: 'meter', 'aria-hidden': 'true' }, meter),
    ` ${percent(share)}`,
    el('small', {}, `${rate(reservedBps)} of ${rate(capacityBps)}`),
  ];
}

/** The words of these candidates, each with its sentence. */
export function wordList(candidates) {
  const words = [...new Set(candidates.flatMap(({ reasons }) => reasons))];
  return words.map((word) =>
    el('div', {}, el('dt', {}, el('span', { class: `chip ${toneOf(word)}` }, word)), el('dd', {}, meaningOf(word))),
  );
}
