import type { TopologySummary } from '../model/summary.ts';

/** A summary as lines for a terminal. */
export function describeSummary(summary: TopologySummary): string {
  const { counts, links, servingBps, reachShares } = summary;
  const rows: [string, string][] = [
    [
      'subscribers',
      `${whole(summary.subscribers)} lines in ${counted(counts.metros, 'metro')} of ${counted(counts.countries, 'country', 'countries')}`,
    ],
    ['networks', `${counted(counts.networks.isp, 'ISP')}, ${whole(counts.networks.transit)} transit`],
    [
      'sites',
      `${whole(counts.sites.ix)} at ${counted(counts.exchanges, 'exchange')}, ${whole(counts.sites.embedded)} embedded in ISPs`,
    ],
    [
      'servers',
      `${counted(counts.servers.edge, 'edge')}, ${counted(counts.servers.shield, 'shield')}; edges can send ${rate(servingBps.ix)} at exchanges, ${rate(servingBps.embedded)} embedded`,
    ],
    ['regions', whole(counts.regions)],
    ...(['private', 'peering', 'transit', 'backbone', 'access'] as const).map((kind): [string, string] => [
      `${kind} links`,
      `${whole(links[kind].count)}, together ${rate(links[kind].capacityBps)}`,
    ]),
    ['prefixes', `${whole(counts.prefixes.ipv4)} IPv4, ${whole(counts.prefixes.ipv6)} IPv6`],
    ['announcements', counts.announcements === null ? 'by the networks’ relations' : whole(counts.announcements)],
  ];
  const shares = (['embedded', 'private', 'peering', 'transit', 'none'] as const)
    .filter((reach) => reach !== 'none' || reachShares.none > 0)
    .map((reach) => `${reach} ${(100 * reachShares[reach]).toFixed(1)} %`);
  return [
    `${summary.name}${summary.synthetic ? ' (synthetic: no statement about real networks)' : ''}`,
    '',
    ...table(rows),
    '',
    `Subscribers by their best route: ${shares.join(', ')}`,
    '',
    ...table([
      ['largest ISPs', '', 'lines', 'best route', 'one way'],
      ...summary.isps.map(({ name, country, subscribers, reach, oneWayMs }) => [
        name,
        country ?? '',
        whole(subscribers),
        reach,
        oneWayMs === null ? '' : `${oneWayMs.toFixed(1)} ms`,
      ]),
    ]),
    '',
    ...table([
      ['countries', 'sites', 'can send', 'lines'],
      ...summary.countries.map((row) => [row.country, whole(row.sites), rate(row.servingBps), whole(row.subscribers)]),
    ]),
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd());
}

function counted(value: number, one: string, many = `${one}s`): string {
  return `${whole(value)} ${value === 1 ? one : many}`;
}

/** With commas between thousands. */
function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Three digits and a unit. */
export function rate(bps: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s', 'Pbit/s'];
  let unit = 0;
  let value = bps;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}
