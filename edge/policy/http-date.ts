const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const IMF = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/;
const RFC850 = /^[a-z]+day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/;
const ASCTIME = /^(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/**
 * An HTTP date (RFC 9110 §5.6.7, all three forms) as Unix milliseconds; null when it is none. Written out because policy
 * has no `Date`. @param wallMs now: two-digit years more than 50 years ahead are in the past
 */
export function parseHttpDate(text: string, wallMs: number): number | null {
  const value = text.trim().toLowerCase();
  let match = IMF.exec(value);
  if (match) return unixMs(+match[3]!, match[2]!, +match[1]!, +match[4]!, +match[5]!, +match[6]!);
  match = RFC850.exec(value);
  if (match) {
    const yearNow = 1970 + wallMs / 31_556_952_000;
    let year = Math.floor(yearNow / 100) * 100 + +match[3]!;
    if (year > yearNow + 50) year -= 100;
    return unixMs(year, match[2]!, +match[1]!, +match[4]!, +match[5]!, +match[6]!);
  }
  match = ASCTIME.exec(value);
  if (match) return unixMs(+match[6]!, match[1]!, +match[2]!, +match[3]!, +match[4]!, +match[5]!);
  return null;
}

function unixMs(
  year: number,
  monthName: string,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  const month = MONTHS.indexOf(monthName);
  if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
  return ((daysSince1970(year, month + 1, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
}

/** Days from 1 January 1970 in the proleptic Gregorian calendar (Howard Hinnant's days_from_civil). */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
