// Numbers for people: the page and the modules that make it use the very same ones.

/** Three figures and a unit: 12.3 Gbit/s. */
export function rate(bps) {
  return bps === null ? '–' : scaled(bps, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s', 'Pbit/s']);
}

export function bytes(value) {
  return value === null ? '–' : scaled(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

/** A share of 1 as per cent. Small ones get the digits they need; only 0 is "0 %", and only 1 is "100 %". */
export function percent(share) {
  if (share === null || Number.isNaN(share)) return '–';
  const value = share * 100;
  if (value === 0) return '0 %';
  const digits = Math.abs(value) < 0.1 ? 3 : Math.abs(value) < 1 ? 2 : 1;
  const text = value.toFixed(digits);
  // 99.96 would read as a round hundred.
  if (value < 100 && Number(text) === 100) return '99.9 %';
  return `${text.replace(/\.0+$/, '')} %`;
}

/** 1,234,567; below 100 with one decimal and below 10 with two, but only where there are some. */
export function count(value) {
  if (value === null) return '–';
  const parts = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 10 : 100;
  const rounded = Math.round(value * parts) / parts;
  const [whole, decimals] = String(rounded).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

/** 12.3 k, 4.5 M: for axes and tiles. */
export function shortCount(value) {
  if (value === null) return '–';
  return Math.abs(value) < 10_000 ? count(value) : scaled(value, ['', 'k', 'M', 'G']);
}

export function milliseconds(value) {
  if (value === null) return '–';
  if (value < 1000) return `${Math.round(value)} ms`;
  return value < 100_000 ? `${(value / 1000).toFixed(1)} s` : `${count(value / 1000)} s`;
}

/** A moment of the run: 3:05, or 1:03:05 from an hour on. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A length of time: 45 s, 2 min, 2 min 5 s, 1 h 3 min. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

export function dollars(value) {
  return value === null ? '–' : `US$ ${Math.abs(value) < 100 ? value.toFixed(2) : count(value)}`;
}

function scaled(value, units) {
  let figure = value;
  let unit = 0;
  // 999.6 has three figures as 1000: it is 1.00 of the next unit.
  while (Math.abs(figure) >= 999.5 && unit < units.length - 1) {
    figure /= 1000;
    unit++;
  }
  const text = figure === 0 ? '0' : unit === 0 ? count(figure) : threeFigures(figure);
  return `${text} ${units[unit]}`.trim();
}

function threeFigures(value) {
  const size = Math.abs(value);
  if (size >= 999.5) return count(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}
