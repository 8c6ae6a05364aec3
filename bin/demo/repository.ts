import { spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What `git push` ended with: its exit code, and every line it printed, without git's `remote: ` in front. */
export interface PushResult {
  code: number;
  lines: string[];
  ms: number;
}

/** A repository of the person who pushes, driven with the real git and none of their own settings. */
export class Repository {
  readonly directory: string;
  readonly remote: string;

  private constructor(directory: string, remote: string) {
    this.directory = directory;
    this.remote = remote;
  }

  /** Makes a repository in `directory` with the files of `source`, committed on `main`. */
  static async from(source: string, directory: string, remote: string): Promise<Repository> {
    await cp(source, directory, { recursive: true });
    const made = new Repository(directory, remote);
    await made.git('init', '-q', '-b', 'main');
    await made.commit('Hello');
    return made;
  }

  /** Replaces `before` by `after` in `file`, commits it, and answers the commit's id. */
  async change(file: string, before: string, after: string, message: string): Promise<string> {
    const path = join(this.directory, file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(before)) throw new Error(`${file} does not contain ${JSON.stringify(before)}`);
    await writeFile(path, text.replace(before, after));
    return this.commit(message);
  }

  /** Writes `text` to `file`, to be committed with the next change. */
  async write(file: string, text: string): Promise<void> {
    await writeFile(join(this.directory, file), text);
  }

  /** Takes the files back to what they were at `commit`, without a commit of its own. */
  async restore(commit: string): Promise<void> {
    await this.git('checkout', '-q', commit, '--', '.');
  }

  async head(): Promise<string> {
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  private async commit(message: string): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '-q', '-m', message);
    return this.head();
  }

  /** Pushes `refspec`; `onLine` is given each line as it arrives. */
  push(refspec: string, onLine: (line: string) => void): Promise<PushResult> {
    const started = performance.now();
    const lines: string[] = [];
    const child = spawn('git', ['push', '--force', this.remote, refspec], {
      cwd: this.directory,
      env: gitEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    createInterface({ input: child.stderr }).on('line', (raw) => {
      if (!raw.startsWith('remote: ')) return;
      const line = raw.slice('remote: '.length).trimEnd();
      lines.push(line);
      onLine(line);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, lines, ms: performance.now() - started }));
    });
  }

  private git(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn('git', args, {
        cwd: this.directory,
        env: gitEnvironment(),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
      });
      child.stderr.on('data', (chunk) => {
        err += chunk;
      });
      child.on('error', reject);
      child.on('close', (code) =>
        code === 0 ? resolve(out) : reject(new Error(`git ${args[0]}: ${err.trim()}`)),
      );
    });
  }
}

/** The machine's environment without what would make this git somebody's own: hooks, signing, another work tree. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return {
    ...Object.fromEntries(inherited),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Demo',
    GIT_AUTHOR_EMAIL: 'demo@example.com',
    GIT_COMMITTER_NAME: 'Demo',
    GIT_COMMITTER_EMAIL: 'demo@example.com',
    // A proxy is for the outside: the remote is on this machine.
    no_proxy: '127.0.0.1,localhost',
  };
}
