import { CopyProblem } from '../copy/copy-problem.ts';
import type { GitFile } from './git-objects.ts';
import type { GitPack } from './git-pack.ts';

/** A longer list of submodules is none. */
const LONGEST_LIST = 4 * 1024 ** 2;

/** The addresses in a `.gitmodules` by path (git-config's syntax, as far as git writes it). */
export function submodulesOf(files: readonly GitFile[], pack: GitPack): Map<string, string> {
  const addresses = new Map<string, string>();
  const listed = files.find((file) => file.path === '.gitmodules' && file.kind !== 'submodule');
  const data = listed === undefined ? Buffer.alloc(0) : pack.read(listed.object).data;
  if (data.length > LONGEST_LIST) throw new CopyProblem('bad-git', 'its .gitmodules is too long');
  let section: { path?: string; url?: string } = {};
  for (const line of data.toString('utf8').split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(equals, 0)).trim();
    if (line.trim().startsWith('[')) section = {};
    else if (name === 'path' || name === 'url')
      section[name] ??= line
        .slice(equals + 1)
        .trim()
        .replace(/^"/, '')
        .replace(/"$/, '');
    const { path, url } = section;
    if (path !== undefined && url !== undefined && !addresses.has(path)) addresses.set(path, url);
  }
  return addresses;
}
