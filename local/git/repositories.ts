import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.ts';
import { faultOfAppName } from './names.ts';

/** A bare repository of the host; it belongs to the owner `local`. */
export interface Repository {
  /** The app's name. */
  name: string;
  directory: string;
  /** A number that stays the same for the same name, as GitHub's ids do. */
  id: number;
  /** The repository that it is a fork of. */
  parent?: string;
}

/** The file in a fork that names its parent. */
const PARENT = 'fork-of';

/** The repositories below one folder, made when they are first pushed to. */
export class Repositories {
  readonly #folder: string;
  readonly #git: Git;
  readonly #making = new Map<string, Promise<Repository>>();

  constructor(folder: string, git: Git) {
    this.#folder = folder;
    this.#git = git;
  }

  async find(name: string): Promise<Repository | undefined> {
    if (faultOfAppName(name) !== undefined) return undefined;
    const repository = this.#named(name);
    const there = await readFile(join(repository.directory, 'HEAD')).catch(() => undefined);
    if (there === undefined) return undefined;
    const parent = await readFile(join(repository.directory, PARENT), 'utf8').catch(() => undefined);
    return parent === undefined ? repository : { ...repository, parent };
  }

  /** The repository `name`, made empty with HEAD on main if need be; the name has to be an app's. */
  async obtain(name: string): Promise<Repository> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    const making = this.#making.get(name) ?? this.#make(name).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  /** A fork of `parent` with its branches, under another name: everything here is of one owner. */
  async fork(parent: Repository, name: string): Promise<Repository> {
    const { directory } = await this.obtain(name);
    await writeFile(join(directory, PARENT), parent.name);
    const branches = '+refs/heads/*:refs/heads/*';
    await this.#git.output(directory, [
      'fetch',
      '--quiet',
      '--no-write-fetch-head',
      parent.directory,
      branches,
    ]);
    return { ...this.#named(name), parent: parent.name };
  }

  async names(): Promise<string[]> {
    const entries = await readdir(this.#folder).catch(() => []);
    return entries
      .filter((entry) => entry.endsWith('.git'))
      .map((entry) => entry.slice(0, -4))
      .sort();
  }

  async #make(name: string): Promise<Repository> {
    const fault = faultOfAppName(name);
    if (fault !== undefined) throw new Error(fault);
    const repository = this.#named(name);
    const draft = join(this.#folder, `.${randomUUID()}`);
    await mkdir(draft, { recursive: true });
    const made = await this.#git.output(draft, [
      'init',
      '--quiet',
      '--bare',
      '--template=',
      '--initial-branch=main',
    ]);
    if (made === undefined) {
      await rm(draft, { recursive: true, force: true });
      throw new Error(
        `git cannot make a repository in ${this.#folder}: is git installed, and is there room?`,
      );
    }
    await rename(draft, repository.directory);
    return repository;
  }

  #named(name: string): Repository {
    const id = createHash('sha256').update(name).digest().readUIntBE(0, 5);
    return { name, directory: join(this.#folder, `${name}.git`), id };
  }
}
