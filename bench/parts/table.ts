export interface Column {
  title: string;
  align: 'left' | 'right';
}

/** Plain text: a head, a rule, the rows; columns as wide as their widest cell, nothing trailing. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, at) => {
        const cell = cells[at] ?? '';
        return align === 'left' ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!);
      })
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...rows.map(line),
  ].join('\n');
}

/** `72,134`, `354`, `13.7`, `0.712`: about three digits that mean something. */
export function formatNumber(value: number): string {
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** `1 KB`, `64 KB`, `1 MB`: binary sizes under their everyday names. */
export function formatSize(sizeBytes: number): string {
  return sizeBytes >= 2 ** 20 ? `${sizeBytes / 2 ** 20} MB` : `${sizeBytes / 2 ** 10} KB`;
}
