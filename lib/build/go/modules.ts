import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { within } from '../stage/config.ts';
import { NotPlain } from './shell.ts';
import type { ProbedToolchain } from './toolchain.ts';
import { compareGoVersions, goDirective, renderGoVersion } from './versions.ts';
import { CommandFailed } from './where.ts';

/** Where a go command is about to run. */
interface Stage {
  /** On disk, what the stage calls `/`. */
  root: string;
  /** The working directory in the stage. */
  cwd: string;
  variables: ReadonlyMap<string, string>;
}

/**
 * Sees to it that what go is going to read is in the stage: the directories that go.mod's replace directives, go.work
 * and the modules it uses name. Go itself reads those files, as nobody else does it in just the same way. Throws NotPlain
 * for another directory and for a newer Go that is asked for, CommandFailed for a file that Go cannot read.
 */
export async function checkModules(
  args: readonly string[],
  stage: Stage,
  toolchain: ProbedToolchain,
  shown: (line: string) => string,
): Promise<void> {
  const { root, variables } = stage;
  const check = new ModuleCheck(root, toolchain, shown);
  for (const cwd of [stage.cwd, ...directoryFlag(args).map((path) => within(stage.cwd, path))]) {
    const module = above(root, cwd, 'go.mod');
    checkMode(variables.get('GO111MODULE'), module);
    if (module === undefined && above('/', dirname(root), 'go.mod') !== undefined) {
      // A go.mod above our own directories is none of the stage's business.
      throw new CommandFailed('go: go.mod file not found in current directory or any parent directory');
    }
    if (module !== undefined) await check.module(module, dirname(module));
    const other = flagValues('modfile', args).map((path) => join(root, within(cwd, path)));
    for (const file of other) if (module !== undefined) await check.module(file, dirname(module));
    const named = variables.get('GOWORK') ?? '';
    const workspace = named === '' ? above(root, cwd, 'go.work') : join(root, within('/', named));
    if (named !== 'off' && workspace !== undefined) await check.workspace(workspace);
  }
}

/** The nearest file of this name in the working directory or above it, but inside of the stage. */
export function above(root: string, cwd: string, name: string): string | undefined {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const path = join(root, directory, name);
    if (existsSync(path)) return path;
    if (directory === '/') return undefined;
  }
}

// Without modules, what is imported may be any directory, by a path that climbs.
function checkMode(mode: string | undefined, module: string | undefined): void {
  if (mode === 'off' || (mode === 'auto' && module === undefined))
    throw new NotPlain(`GO111MODULE is ${mode}, and so imports may lead out of the stage`);
}

const directoryFlag = (args: readonly string[]) => flagValues('C', args);

function flagValues(flag: string, args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    if (arg === `-${flag}` || arg === `--${flag}`) return args[index + 1] ?? [];
    return new RegExp(`^--?${flag}=(.*)$`, 's').exec(arg)?.[1] ?? [];
  });
}

/** As `go help mod edit` and `go help work edit` describe them, as far as they name directories. */
interface Read {
  Replace?: { New: { Path: string; Version?: string } }[] | null;
  Use?: { DiskPath: string }[] | null;
}

class ModuleCheck {
  readonly #root: string;
  readonly #toolchain: ProbedToolchain;
  readonly #shown: (line: string) => string;

  constructor(root: string, toolchain: ProbedToolchain, shown: (line: string) => string) {
    this.#root = root;
    this.#toolchain = toolchain;
    this.#shown = shown;
  }

  /** `directory` is the module's: what its go.mod, or the file that stands for it, names is relative to that. */
  async module(file: string, directory: string): Promise<void> {
    const text = this.#text(file);
    // Most have none; the word cannot be written otherwise.
    if (text?.includes('replace')) this.#replacements(file, directory, await this.#read('mod', file));
  }

  async workspace(file: string): Promise<void> {
    if (this.#text(file) === undefined) return;
    const directory = dirname(file);
    const read = await this.#read('work', file);
    this.#replacements(file, directory, read);
    for (const { DiskPath } of read.Use ?? []) {
      this.#stays(file, directory, DiskPath);
      const module = join(directory, DiskPath, 'go.mod');
      if (existsSync(module)) await this.module(module, dirname(module));
    }
  }

  #text(file: string): string | undefined {
    if (!existsSync(file)) return undefined;
    if (!realpathSync(file).startsWith(`${realpathSync(this.#root)}/`))
      throw new NotPlain(`${basename(file)} is outside of the stage`);
    const text = readFileSync(file, 'utf8');
    const wanted = goDirective(text);
    const { version } = this.#toolchain;
    if (wanted === undefined || compareGoVersions(version, wanted) >= 0) return text;
    const [asks, have] = [renderGoVersion(wanted), renderGoVersion(version)];
    throw new NotPlain(`${basename(file)} asks for Go ${asks}, the one at hand is ${have}`);
  }

  #replacements(file: string, directory: string, { Replace }: Read): void {
    for (const { New } of Replace ?? []) if (!New.Version) this.#stays(file, directory, New.Path);
  }

  #stays(file: string, directory: string, path: string): void {
    const from = directory.slice(this.#root.length);
    if (path.startsWith('/') || climbsOut(from, path))
      throw new NotPlain(`${basename(file)} names ${path}, which is outside of the stage's directory`);
  }

  async #read(kind: 'mod' | 'work', file: string): Promise<Read> {
    const { go } = this.#toolchain;
    const env = { GOENV: 'off', GOFLAGS: '', GOTOOLCHAIN: 'local', GOTELEMETRY: 'off', HOME: '/nonexistent' };
    try {
      const options = { env, cwd: dirname(file), maxBuffer: 64 * 1024 * 1024 };
      const { stdout } = await promisify(execFile)(go, [kind, 'edit', '-json', file], options);
      return JSON.parse(stdout) as Read;
    } catch (error) {
      const { stderr, message } = error as { stderr?: string; message: string };
      throw new CommandFailed(this.#shown(stderr?.trim() || message));
    }
  }
}

function climbsOut(directory: string, path: string): boolean {
  let depth = directory.split('/').filter((name) => name !== '').length;
  for (const name of path.split('/')) {
    if (name === '..') depth--;
    else if (name !== '.' && name !== '') depth++;
    if (depth < 0) return true;
  }
  return false;
}
