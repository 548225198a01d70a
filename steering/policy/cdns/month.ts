/** Calendar months in UTC, as bills have them, by arithmetic alone: policy has no calendar. */

const DAY_MS = 86_400_000;

export interface MonthPlace {
  /** months since January of the year 0; the same number is the same month */
  month: number;
  elapsedMs: number;
  lengthMs: number;
}

/** @param wallMs Unix milliseconds */
export function monthAt(wallMs: number): MonthPlace {
  const month = monthOfDay(Math.floor(wallMs / DAY_MS));
  const beginsMs = firstDayOf(month) * DAY_MS;
  return { month, elapsedMs: wallMs - beginsMs, lengthMs: firstDayOf(month + 1) * DAY_MS - beginsMs };
}

/** Days since 1970-01-01 of the first day of a month: 146,097 days make 400 years, counted from March on. */
function firstDayOf(month: number): number {
  const fromMarch = month - 2;
  const year = Math.floor(fromMarch / 12);
  const monthOfYear = fromMarch - 12 * year;
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  return 365 * year + leapDays + Math.floor((153 * monthOfYear + 2) / 5) - 719_468;
}

function monthOfDay(day: number): number {
  // A month too late at most, for 30.4 days are a month on average.
  let month = Math.floor((day + 719_528) / 30.436_875) + 1;
  while (firstDayOf(month) > day) month--;
  return month;
}
