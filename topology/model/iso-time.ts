/**
 * Times as XML Schema writes them. Computed here, for policy has no `Date`, and for the same text everywhere.
 */

const DAY_MS = 86_400_000;

/** xs:dateTime in UTC with milliseconds, as `Date.prototype.toISOString` writes it. @param unixMs 1970 or later */
export function isoTime(unixMs: number): string {
  const whole = Math.floor(unixMs);
  const { year, month, day } = civilDate(Math.floor(whole / DAY_MS));
  const ms = whole % DAY_MS;
  const clock = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((part) => digits(Math.floor(part), 2));
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T${clock.join(':')}.${digits(ms % 1000, 3)}Z`;
}

/** xs:duration, in seconds alone: every reader understands it, and no month is of unknown length. */
export function isoDuration(ms: number): string {
  const [seconds, fraction] = [Math.floor(ms / 1000), Math.floor(ms % 1000)];
  return fraction === 0 ? `PT${seconds}S` : `PT${seconds}.${digits(fraction, 3)}S`;
}

/** Days of the Gregorian calendar since 1970, in 400-year cycles that begin in March (days_from_civil, reversed). */
function civilDate(daysSince1970: number): { year: number; month: number; day: number } {
  const days = daysSince1970 + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days % 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
