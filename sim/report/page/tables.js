// Tables sort by the buttons in their heads: numbers downwards first, names upwards.
import { set } from '../../../runtime/page/dom.js';

export function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector('button');
    if (!button) return;
    button.addEventListener('click', () => {
      const byName = head.dataset.kind === 'name';
      const before = head.getAttribute('aria-sort');
      const downwards = before === null ? !byName : before === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      set(head, { 'aria-sort': downwards ? 'descending' : 'ascending' });
      sort(table.tBodies[0], column, byName, downwards);
    });
  });
}

function sort(body, column, byName, downwards) {
  const sign = downwards ? -1 : 1;
  const rows = [...body.rows].map((row) => {
    const { value } = row.cells[column].dataset;
    return { row, value: byName ? (value ?? '') : value === undefined || value === '' ? null : Number(value) };
  });
  rows.sort((a, b) => {
    // What was not measured comes last either way.
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    return byName ? sign * (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) : sign * (a.value - b.value);
  });
  body.append(...rows.map(({ row }) => row));
}
