import type { Isp, LinkResult, SimulationResult, SiteResult, Tier } from '../run/result.ts';
import { html, type Html } from '../../runtime/page/html.ts';
import { bytes, count, dollars, duration, milliseconds, percent, rate } from '../../runtime/page/format.js';
import { FULL_SHARE } from './verdict.ts';

/** Beyond this a table is no reading any more; the CSV files have all. */
const ROWS_MOST = 400;

interface Column<Row> {
  title: string;
  /** a name sorts as text, a figure as a number */
  kind: 'name' | 'figure';
  value: (row: Row) => string | number | null;
  cell: (row: Row) => Html | string;
}

const REACHES = ['embedded', 'private', 'peering', 'transit'] as const;

export function tablesPart(result: SimulationResult): Html {
  const { isps, sites, links, tiers, summary } = result;
  const losing = summary.losingIsp?.id;
  const bottlenecks = new Set(
    summary.bottlenecks.filter(({ peakUtilisation }) => peakUtilisation >= FULL_SHARE).map(({ id }) => id),
  );
  return html`<section id="tables-part">
    <h2>ISPs</h2>
    <p class="hint key">
      The one that lost most first, then by bytes; heads sort. Reach, how the serving site hands
      over:${REACHES.map((reach) => html`<i style="background:var(--${reach})"></i>${reach}`)}
    </p>
    ${table(
      'isps',
      isps,
      ispColumns(),
      isps.toSorted((a, b) => Number(b.id === losing) - Number(a.id === losing) || b.bytes - a.bytes),
      ({ id }) => id === losing,
    )}
    <h2>Sites</h2>
    ${table(
      'sites',
      sites,
      siteColumns(),
      sites.toSorted((a, b) => b.peakUtilisation - a.peakUtilisation),
      () => false,
    )}
    <h2>Links</h2>
    ${table(
      'links',
      links,
      linkColumns(),
      links.toSorted((a, b) => b.peakUtilisation - a.peakUtilisation || b.fullSeconds - a.fullSeconds),
      ({ id }) => bottlenecks.has(id),
    )}
    <h2>Tiers</h2>
    ${table('tiers', tiers, tierColumns(), tiers, () => false)}
  </section>`;
}

function table<Row>(
  name: string,
  all: readonly Row[],
  columns: readonly Column<Row>[],
  ordered: readonly Row[],
  marked: (row: Row) => boolean,
): Html {
  const shown = ordered.slice(0, ROWS_MOST);
  const left = all.length - shown.length;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of ${name}">
      <table class="sortable" id="${name}-table">
        <thead>
          <tr>
            ${columns.map(
              ({ title, kind }) =>
                html`<th scope="col" data-kind="${kind}" class="${kind}"><button type="button">${title}</button></th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row) =>
              html`<tr${marked(row) ? html` class="marked"` : null}>${columns.map((column, at) => cell(column, row, at))}</tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p class="hint">${count(left)} more are in ${name}.csv.</p>` : null}`;
}

function cell<Row>({ kind, value, cell: show }: Column<Row>, row: Row, at: number): Html {
  const text = show(row);
  return at === 0
    ? html`<th scope="row" class="${kind}" data-value="${value(row)}">${text}</th>`
    : html`<td class="${kind}" data-value="${value(row)}">${text}</td>`;
}

function named<Row>(title: string, value: (row: Row) => string, cell?: (row: Row) => Html | string): Column<Row> {
  return { title, kind: 'name', value, cell: cell ?? value };
}

function figure<Row>(
  title: string,
  value: (row: Row) => number | null,
  show: (value: number | null) => Html | string = count,
): Column<Row> {
  return { title, kind: 'figure', value, cell: (row) => show(value(row)) };
}

function ispColumns(): Column<Isp>[] {
  return [
    named(
      'ISP',
      ({ name }) => name,
      ({ name, id, country }) => html`${name} <small>${id}${country === null ? '' : `, ${country}`}</small>`,
    ),
    figure('viewers', ({ viewers }) => viewers),
    figure(
      'stood still',
      ({ stallRatio }) => stallRatio,
      (share) => bad(percent(share), share, 0.02),
    ),
    figure('start-up p95', ({ startupP95Ms }) => startupP95Ms, milliseconds),
    figure('bitrate', ({ meanBitrateBps }) => meanBitrateBps, rate),
    figure('latency p50', ({ latencyP50Ms }) => latencyP50Ms, milliseconds),
    figure('never played', ({ neverPlayed }) => neverPlayed),
    figure('bytes', (isp) => isp.bytes, bytes),
    figure('peak', ({ peakBps }) => peakBps, rate),
    figure('H miss', (isp) => share(isp.healthMissBytes, isp.bytes), percent),
    figure('C miss', (isp) => share(isp.contentMissBytes, isp.bytes), percent),
    { title: 'reach', kind: 'figure', value: (isp) => share(isp.transitBytes, isp.bytes), cell: reachMix },
    figure('cost/month', ({ costUsdMonth }) => costUsdMonth, dollars),
    figure('its own', ({ ownCostUsdMonth }) => ownCostUsdMonth, dollars),
  ];
}

function reachMix(isp: Isp): Html {
  const parts = REACHES.map((reach) => ({ reach, part: share(isp[`${reach}Bytes`], isp.bytes) ?? 0 }));
  const text = parts
    .filter(({ part }) => part > 0)
    .map(({ reach, part }) => `${reach} ${percent(part)}`)
    .join(', ');
  return html`<span class="mix" role="img" aria-label="${text}" title="${text}"
    >${parts.map(({ reach, part }) => (part > 0 ? html`<i style="width:${(part * 100).toFixed(2)}%;background:var(--${reach})"></i>` : null))}</span
  >`;
}

function siteColumns(): Column<SiteResult>[] {
  return [
    named(
      'site',
      ({ id }) => id,
      ({ id, metro, country }) => html`${id} <small>${metro}, ${country}</small>`,
    ),
    named('kind', ({ kind, network }) => (network === null ? kind : `${kind} in ${network}`)),
    figure('servers', ({ servers }) => servers),
    figure('can send', ({ capacityBps }) => capacityBps, rate),
    figure('sent', ({ sentBytes }) => sentBytes, bytes),
    figure('peak', ({ peakBps }) => peakBps, rate),
    {
      title: 'peak utilisation',
      kind: 'figure',
      value: ({ peakUtilisation }) => peakUtilisation,
      cell: ({ peakUtilisation }) => meter(peakUtilisation),
    },
    figure('hit ratio', ({ hitRatio }) => hitRatio, percent),
    figure('filled from above', ({ filledFromAboveBytes }) => filledFromAboveBytes, bytes),
  ];
}

function linkColumns(): Column<LinkResult>[] {
  return [
    named('link', ({ id }) => id),
    named('kind', ({ kind }) => kind),
    named('from → to, of the fuller direction', ({ from, to, direction }) =>
      direction === 'forth' ? `${from} → ${to}` : `${to} → ${from}`,
    ),
    figure('capacity', ({ capacityBps }) => capacityBps, rate),
    {
      title: 'peak utilisation',
      kind: 'figure',
      value: ({ peakUtilisation }) => peakUtilisation,
      cell: ({ peakUtilisation }) => meter(peakUtilisation),
    },
    figure(
      'full for',
      ({ fullSeconds }) => fullSeconds,
      (seconds) => bad(seconds === 0 ? '–' : duration(seconds ?? 0), seconds, 1),
    ),
    figure('peak', ({ peakBps }) => peakBps, rate),
    figure('p95', ({ p95Bps }) => p95Bps, rate),
    figure('bytes', (link) => link.bytes, bytes),
    figure('cost/month', ({ costUsdMonth }) => costUsdMonth, dollars),
  ];
}

function tierColumns(): Column<Tier>[] {
  return [
    named('tier', ({ tier }) => tier),
    figure('nodes', ({ nodes }) => nodes),
    figure('requests', ({ requests }) => requests),
    figure('hits', ({ hits }) => hits),
    figure('stale hits', ({ staleHits }) => staleHits),
    figure('joined a fill', ({ collapsed }) => collapsed),
    figure('misses', ({ misses }) => misses),
    figure('refused', ({ refused }) => refused),
    figure('hit ratio', ({ hitRatio }) => hitRatio, percent),
    figure('fills', ({ fills }) => fills),
    figure('failed', ({ fillsFailed }) => fillsFailed),
    figure('leaders replaced', ({ leadersReplaced }) => leadersReplaced),
    figure('sent', ({ sentBytes }) => sentBytes, bytes),
    figure('filled', ({ filledBytes }) => filledBytes, bytes),
    figure('offload', ({ offload }) => offload, percent),
  ];
}

function meter(utilisation: number): Html {
  const width = Math.min(100, utilisation * 100).toFixed(1);
  const colour = utilisation >= FULL_SHARE ? 'bad' : utilisation >= 0.75 ? 'warn' : 'peering';
  return html`${bad(percent(utilisation), utilisation, FULL_SHARE)}
    <span class="meter" aria-hidden="true"><i style="width:${width}%;background:var(--${colour})"></i></span>`;
}

function bad(text: string, value: number | null, from: number): Html {
  return value !== null && value >= from ? html`<span class="badly">${text}</span>` : html`${text}`;
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
