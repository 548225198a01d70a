// The answer in sentences: who was asked for, who serves, how the player should go on.
import { el } from '../../../../runtime/page/dom.js';
import { count, rate } from '../../../../runtime/page/format.js';
import { decisiveOf, meaningOf } from './words.js';

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

const LOCATED_BY = {
  prefix: (client) => `by the announced prefix ${client.prefix}`,
  asn: () => 'by its network’s number, from the database',
  city: () => 'by its city, from the database',
  country: () => 'by its country, from the database: all of it counts as one place',
  default: () => 'by nothing: no prefix and no database has it',
};

export function verdictRows(answer) {
  return [clientRow(answer), serverRow(answer), admissionRow(answer), paceRow(answer)].map(
    ({ label, tone, text, detail }) =>
      el(
        'div',
        { class: tone },
        el('dt', {}, label),
        el('dd', {}, text, detail === '' ? null : el('small', {}, detail)),
      ),
  );
}

/** One sentence for those who listen. */
export function spoken(answer) {
  const { text } = serverRow(answer);
  return `${clientRow(answer).text}. ${text}`;
}

function clientRow({ client }) {
  const { address, zone, locatedBy } = client;
  const how = (LOCATED_BY[locatedBy] ?? (() => `by ${locatedBy}`))(client);
  const zoned =
    zone === undefined ? '' : `; coverage zone “${zone.id}” orders its sites, by ${zone.type} ${zone.value}`;
  return {
    label: 'Viewer',
    tone: locatedBy === 'default' ? 'warn' : 'good',
    text: `${address}: ${whereabouts(client)}`,
    detail: `located ${how}${zoned}`,
  };
}

function whereabouts({ network, asn, metro, country, locatedBy, position }) {
  const parts = [];
  if (network !== undefined) parts.push(`${network.name ?? network.id} (AS${network.asn})`);
  else if (asn !== undefined) parts.push(`AS${asn}`);
  if (metro !== undefined) parts.push(metro.name ?? metro.id);
  if (country !== undefined) parts.push(COUNTRIES.of(country));
  if (parts.length > 0) return parts.join(', ');
  return locatedBy === 'default' && position !== undefined ? 'unknown; taken to be at the stated place' : 'unknown';
}

function serverRow({ candidates }) {
  const named = candidates.filter(({ rank }) => rank !== undefined);
  const [first] = named;
  const sites = new Set(named.map(({ site }) => site)).size;
  const nearer = candidates.filter(
    ({ taken, siteRank, reasons }) =>
      !taken && (siteRank < first.siteRank || (siteRank === first.siteRank && reasons.includes('owner'))),
  );
  const some = nearer
    .slice(0, 3)
    .map((candidate) => `${candidate.id} (${decisiveOf(candidate) ?? candidate.standing})`);
  const more = nearer.length > 3 ? ` and ${nearer.length - 3} more` : '';
  return {
    label: 'Served by',
    tone: first.taken ? 'good' : 'bad',
    text: `${first.id} at ${first.site}${first.taken ? '' : ', as a last resort'}: ${meaningOf(first.reasons[0])}`,
    detail:
      `${count(named.length)} servers at ${count(sites)} ${sites === 1 ? 'site' : 'sites'} are named.` +
      (first.taken && nearer.length > 0 ? ` Passed over for it: ${some.join(', ')}${more}.` : ''),
  };
}

function admissionRow({ admission }) {
  const { verdict, maxBitrateBps } = admission;
  if (verdict === 'admitted')
    return { label: 'Admission', tone: 'good', text: 'Admitted at every quality', detail: '' };
  if (verdict === 'reduced') {
    return {
      label: 'Admission',
      tone: 'warn',
      text: `Admitted with at most ${rate(maxBitrateBps ?? 0)}`,
      detail: 'every server that could serve it is full: quality is lowered before anybody is refused',
    };
  }
  return {
    label: 'Admission',
    tone: 'bad',
    text: 'Refused',
    detail: 'every server that could serve it is at its limit; those who play already go on',
  };
}

function paceRow({ ttlSeconds, backoff }) {
  return {
    label: 'Then',
    tone: '',
    text: `Asks again after ${ttlSeconds} s`,
    detail: `when a server fails: ${backoff.maxRetries} tries, ${backoff.retryAfterSeconds} s apart`,
  };
}
