import { join } from 'node:path';
import { type Layout, namesIn } from './layout.ts';

/** The repositories that hold a manifest, in order of their names. */
export async function repositories(layout: Layout): Promise<string[]> {
  const found: string[] = [];
  async function walk(name: string): Promise<void> {
    const entries = await namesIn(join(layout.repositories, name));
    if (entries.includes('_manifests')) found.push(name);
    const nested = entries.filter((entry) => !entry.startsWith('_'));
    await Promise.all(nested.map((entry) => walk(name === '' ? entry : `${name}/${entry}`)));
  }
  await walk('');
  return found.sort();
}
