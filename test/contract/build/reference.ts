import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { CACHE } from '../trixie.ts';
import type { Case } from './cases/case.ts';
import type { Result } from './files.ts';

type Results = Record<string, Result>;

const WEEK = 7 * 86_400_000;
const HERE = import.meta.dirname;

/**
 * What BuildKit made of the cases, kept for a week: of the same Docker, bases, servers and tests it makes the same. With
 * an empty cache it is asked everything.
 */
export class Reference {
  readonly #directory: string;
  /** What is another one each time, and what stands for it in what is kept. */
  readonly #names: [name: string, kept: string][];

  /**
   * @param parts what it depends on beside the tests' own text
   * @param names what each run calls otherwise, by what it is kept as
   */
  constructor(parts: readonly string[], names: Record<string, string>) {
    const sources = globSync('{*,cases/*,../trixie,../../unit/build/support}.ts', { cwd: HERE }).sort();
    const makers = sources.filter((file) => !file.endsWith('.test.ts'));
    const texts = makers.map((file) => readFileSync(join(HERE, file), 'utf8'));
    // Modes of the context are the umask's, and what a RUN sees of the kernel is its version's.
    const machine = [String(process.umask()), release()];
    const all = join(CACHE, 'buildkit');
    this.#directory = join(all, hashOf([...parts, ...machine, ...texts]));
    this.#names = Object.entries(names).map(([kept, name]) => [name, `<${kept}>`]);
    for (const old of globSync('*', { cwd: all }).map((name) => join(all, name)))
      if (isOld(old)) rmSync(old, { recursive: true, force: true });
  }

  /** What is kept of `one`; else what `make` answers, which is kept. */
  async of(one: Case, make: () => Promise<Results>): Promise<Results> {
    const file = join(this.#directory, hashOf([JSON.stringify(one), String(one.prepare)]));
    const kept = read(file);
    if (kept !== undefined) return JSON.parse(this.#rename(kept, ([name, kept]) => [kept, name])) as Results;
    const made = await make();
    // Another run may do the same, or take away what is old.
    mkdirSync(this.#directory, { recursive: true });
    const written = `${file}.${process.pid}`;
    writeFileSync(
      written,
      this.#rename(JSON.stringify(made), (pair) => pair),
    );
    renameSync(written, file);
    return made;
  }

  #rename(text: string, turned: (pair: [string, string]) => [string, string]): string {
    return this.#names.map(turned).reduce((done, [from, to]) => done.replaceAll(from, to), text);
  }
}

function read(file: string): string | undefined {
  try {
    const text = isOld(file) ? '' : readFileSync(file, 'utf8');
    return text.endsWith('}') ? text : undefined;
  } catch {
    return undefined;
  }
}

function isOld(path: string): boolean {
  const { mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs < Date.now() - WEEK;
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
