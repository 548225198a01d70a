import type { Summary } from '../run/result.ts';
import { bytes, count, dollars, milliseconds, percent, rate } from '../../runtime/page/format.js';

/** The numbers of a summary by name, failures by cause; null where nothing was measured. */
export function fieldsOf(summary: Summary): Map<string, number | null> {
  const fields = new Map<string, number | null>();
  for (const [name, value] of Object.entries(summary) as [string, unknown][]) {
    if (typeof value === 'number') fields.set(name, value);
    // bottlenecks are a list, and no losing ISP is null too: neither is a number that is missing.
    else if (value === null && name !== 'losingIsp') fields.set(name, null);
  }
  for (const [cause, times] of Object.entries(summary.failures)) fields.set(`failures.${cause}`, times);
  return fields;
}

/** In the unit that the last word of its name says. */
export function fieldText(field: string, value: number | null): string {
  if (value === null) return '–';
  if (value < 0) return `−${fieldText(field, -value)}`;
  if (/Ratio$|Share$|Offload$/.test(field)) return percent(value);
  if (field.endsWith('RequestsPerSecond')) return `${count(value)}/s`;
  if (field.endsWith('Bps')) return rate(value);
  if (field.endsWith('Bytes')) return bytes(value);
  if (field.endsWith('Ms')) return milliseconds(value);
  if (field.endsWith('UsdMonth')) return dollars(value);
  return count(value);
}
