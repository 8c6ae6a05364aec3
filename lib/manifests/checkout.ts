import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, normalize, relative, sep } from 'node:path';
import { fault } from './fault.ts';

/** Bytes of one file. */
const LARGEST_FILE = 1024 * 1024;

/**
 * The files of a commit. Anybody may have committed them: a path that leads out of the repository, by `..` or by a
 * symbolic link, is refused.
 */
export class Checkout {
  /** Without symbolic links in it. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async at(directory: string): Promise<Checkout> {
    return new Checkout(await realpath(directory));
  }

  /**
   * The absolute path of `path`, which is from the top of the repository; `place` says who names it.
   * @throws FairleadError `manifests/bad-path`
   */
  async find(path: string, place: string, wanted: 'file' | 'folder' | 'file or folder'): Promise<string> {
    const named = normalize(path).replace(/\/+$/, '');
    if (
      path === '' ||
      path.startsWith('/') ||
      named === '..' ||
      named.startsWith('../') ||
      path.includes('\0')
    )
      throw outside(path, place);
    const full = await realpath(join(this.root, named)).catch(() => undefined);
    if (full === undefined) throw fault('bad-path', place, `the repository has no ${wanted} ${path}`);
    if (!this.#holds(full)) throw outside(path, place);
    const is = await stat(full);
    if (wanted.includes('folder') && is.isDirectory()) return full;
    if (wanted.includes('file') && is.isFile()) return full;
    throw fault('bad-path', place, `${path} is no ${wanted}`);
  }

  /** Whether there is such a file, inside the repository. */
  async has(path: string): Promise<boolean> {
    const full = await realpath(join(this.root, path)).catch(() => undefined);
    return full !== undefined && this.#holds(full) && (await stat(full)).isFile();
  }

  /**
   * The text of a file. `place` says who names it.
   * @throws FairleadError `manifests/bad-path`, `manifests/too-large`
   */
  async read(path: string, place = path): Promise<string> {
    const full = await this.find(path, place, 'file');
    const { size } = await stat(full);
    if (size > LARGEST_FILE)
      throw fault('too-large', path, `the file has ${size} bytes, ${LARGEST_FILE} are possible`);
    return await readFile(full, 'utf8');
  }

  /** How people call an absolute path. */
  nameOf(full: string): string {
    return relative(this.root, full) || '.';
  }

  /**
   * All files below a folder, sorted, from the top of the repository; `hidden` ones are those that begin with a dot.
   * @throws FairleadError `manifests/bad-path` for a symbolic link that leads out, `manifests/too-large` for too many
   */
  async walk(folder: string, limit: number, hidden: 'with-hidden' | 'no-hidden'): Promise<string[]> {
    const files: string[] = [];
    const seen = new Set<string>();
    const todo = [folder];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const full = await this.find(next, next, 'folder');
      // Links may lead in circles.
      if (seen.has(full)) continue;
      seen.add(full);
      for (const name of await readdir(full)) {
        if (hidden === 'no-hidden' && name.startsWith('.')) continue;
        const path = join(next, name);
        if (await this.#isFolder(path)) todo.push(path);
        else files.push(path);
        if (files.length + todo.length > limit)
          throw fault('too-large', folder, `it holds more than ${limit} files`);
      }
    }
    return files.sort();
  }

  async #isFolder(path: string): Promise<boolean> {
    const full = join(this.root, path);
    const is = await lstat(full);
    if (!is.isSymbolicLink()) return is.isDirectory();
    const target = await realpath(full).catch(() => undefined);
    if (target === undefined) throw fault('bad-path', path, 'the symbolic link leads to nothing');
    if (!this.#holds(target)) throw outside(path, path);
    return (await stat(target)).isDirectory();
  }

  #holds(full: string): boolean {
    return full === this.root || full.startsWith(this.root + sep);
  }
}

function outside(path: string, place: string) {
  return fault(
    'bad-path',
    place,
    `${JSON.stringify(path)} leads out of the repository`,
    'name a path from the top of the repository, and nothing outside of it',
  );
}
