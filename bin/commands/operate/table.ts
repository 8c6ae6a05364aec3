import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { columnsOf } from '../progress/width.ts';

/** Lines of a table for people: columns as wide as their widest cell, without rules. Cells may have colors. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const width = (cell: string) => columnsOf(stripVTControlCharacters(cell));
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    widths
      .map((most, column) => (row[column] ?? '') + ' '.repeat(most - width(row[column] ?? '')))
      .join('  ');
  return [pc.dim(line(head).trimEnd()), ...rows.map((row) => line(row).trimEnd())];
}
