import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measure } from './scale/measure.ts';
import { tables, withTables } from './scale/tables.ts';

const root = join(import.meta.dirname, '..');
const DOCS = join(root, 'docs', 'costs.md');
const COUNTS = join(import.meta.dirname, 'scale', 'counts.json');

/**
 * Counts what a push takes, by the real functions on the local cloud, and says what that comes to at 10, 1,000 and
 * 100,000 pushes a month: in quotas and in dollars. Writes both into docs/costs.md.
 */
export async function main(): Promise<void> {
  const counts = await measure();
  await writeFile(COUNTS, `${JSON.stringify(counts, null, 2)}\n`);
  await writeFile(DOCS, withTables(await readFile(DOCS, 'utf8'), counts));
  const { counts: counted = '', quotas = '', first = '', push = '', month = '' } = tables(counts);
  for (const part of [counted, quotas, first, push, month]) console.log(`${part}\n`);
}
