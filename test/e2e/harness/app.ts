import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** How a push ended: git's exit code, the `remote:` lines, and the last of them taken apart. */
export interface Pushed {
  code: number;
  lines: string[];
  /** All that git printed. */
  text: string;
  /** `live`, `failed`, … */
  outcome: string;
  /** What stands after the commit (or ref) in the last line. */
  rest: string;
}

const GO_HELLO = join(import.meta.dirname, '..', '..', '..', 'examples', 'go-hello');

/** A working copy whose remote is `<git>/<name>.git`, driven with the real git. */
export class App {
  readonly name: string;
  readonly directory: string;
  readonly remote: string;

  private constructor(name: string, directory: string, git: string) {
    this.name = name;
    this.directory = directory;
    this.remote = `${git}/${name}.git`;
  }

  /** A new repository with `files` committed on main; with none, those of examples/go-hello. */
  static async create(git: string, name: string, files?: Record<string, string>): Promise<App> {
    const app = new App(name, await mkdtemp(join(tmpdir(), 'fairlead-app-')), git);
    if (files === undefined) await cp(GO_HELLO, app.directory, { recursive: true });
    await app.git('init', '-q', '-b', 'main');
    await app.commit(files ?? {}, 'First');
    return app;
  }

  /** Writes `files` and commits everything, an empty tree too. @returns the commit's id */
  async commit(files: Record<string, string>, message = 'Change'): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.directory, path)), { recursive: true });
      await writeFile(join(this.directory, path), text);
    }
    await this.git('add', '--all');
    await this.git('commit', '-q', '--allow-empty', '-m', message);
    return (await this.git('rev-parse', 'HEAD')).text.trim();
  }

  async push(...refspecs: string[]): Promise<Pushed> {
    const { code, text } = await this.run(
      'push',
      '--force',
      this.remote,
      ...(refspecs.length ? refspecs : ['main']),
    );
    const lines = [...text.matchAll(/^remote: (.*?) *$/gm)].map((match) => match[1] ?? '');
    const [outcome = '', , , ...rest] = (lines.at(-1) ?? '').split(' ');
    return { code, lines, text, outcome, rest: rest.join(' ') };
  }

  async git(...args: string[]): Promise<{ code: number; text: string }> {
    const result = await this.run(...args);
    if (result.code !== 0) throw new Error(`git ${args.join(' ')}: ${result.text}`);
    return result;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  private run(...args: string[]): Promise<{ code: number; text: string }> {
    const identity = { NAME: 'Test', EMAIL: 'test@example.com' };
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...Object.fromEntries(
        Object.entries(identity).flatMap(([key, value]) =>
          ['AUTHOR', 'COMMITTER'].map((who) => [`GIT_${who}_${key}`, value]),
        ),
      ),
    };
    return new Promise((resolve, reject) => {
      const child = spawn('git', args, { cwd: this.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          text += chunk;
        });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, text }));
    });
  }
}

/** The text that `url` answers with, or the reason why it does not. */
export async function get(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return (await response.text()).trim();
}
