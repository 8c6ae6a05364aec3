import { execFile } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A commit, as far as CodeCommit's API tells of it here. */
export interface Commit {
  id: string;
  committer: {
    name: string;
    email: string /** Seconds since 1970, a blank, and the zone: `1484167798 -0800`. */;
    date: string;
  };
}

/** What CodeCommit's names are made of (API Reference, RepositoryMetadata). */
const NAME = /^[\w.-]{1,100}$/;

/** Bare repositories, each in a folder of its name below `folder`: a part of an account that holds git repositories. */
export class Repositories {
  readonly folder: string;
  /** What git processes inherit; nothing of who started this. */
  readonly environment: NodeJS.ProcessEnv;

  constructor(folder: string) {
    this.folder = folder;
    this.environment = {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      LC_ALL: 'C',
    };
  }

  async create(name: string): Promise<void> {
    if (!NAME.test(name)) throw new Error(`${name} is no name of a repository`);
    const directory = join(this.folder, name);
    await mkdir(directory, { recursive: true });
    await this.#git(directory, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main']);
  }

  async has(name: string): Promise<boolean> {
    if (!NAME.test(name) || /^\.+$/.test(name)) return false;
    return await stat(join(this.folder, name)).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  async names(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => NAME.test(name)).sort();
  }

  /** Full names of all refs, with what they point at. */
  async refs(name: string): Promise<Map<string, string>> {
    const lines = await this.#git(join(this.folder, name), [
      'for-each-ref',
      '--format=%(objectname) %(refname)',
    ]);
    return new Map(
      lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))] as const),
    );
  }

  async commit(name: string, id: string): Promise<Commit | undefined> {
    const asked = ['show', '--no-patch', '--date=raw', '--format=%H%n%cn%n%ce%n%cd', id];
    const shown = await this.#git(join(this.folder, name), asked).catch(() => undefined);
    const [hash = '', committer = '', email = '', date = ''] = shown?.split('\n') ?? [];
    return shown === undefined ? undefined : { id: hash, committer: { name: committer, email, date } };
  }

  #git(directory: string, args: string[]): Promise<string> {
    return new Promise((done, failed) => {
      execFile('git', args, { cwd: directory, env: this.environment }, (error, stdout) =>
        error === null ? done(stdout) : failed(error),
      );
    });
  }
}
