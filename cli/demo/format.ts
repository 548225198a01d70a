/** Numbers for people: three figures are enough. */
export function bytes(value: number): string {
  return scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB']);
}

export function rate(bps: number): string {
  return scaled(bps, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export function share(part: number, whole: number): string {
  // Never "-0.0".
  return whole === 0 ? '–' : `${(Math.round((1000 * part) / whole) / 10 + 0).toFixed(1)} %`;
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let scaledValue = value;
  let unit = 0;
  while (scaledValue >= step && unit < units.length - 1) {
    scaledValue /= step;
    unit++;
  }
  return `${unit === 0 ? Math.round(scaledValue) : scaledValue.toPrecision(3)} ${units[unit]!}`;
}

/** Aligns columns; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n');
}
