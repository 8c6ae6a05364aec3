import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../../image/types.ts';
import type { NetworkPolicy } from '../../network/policy.ts';
import { tooMuchOutput } from '../../sandbox/limits.ts';
import { spawnLines } from '../../sandbox/spawn.ts';
import { within } from '../stage/config.ts';
import { markUsed } from '../store/prune.ts';
import { CommandFailed, changeDirectory, FILE_COMMANDS, isRefusal } from './built-in.ts';
import { cgoListArguments, isCgoOn, refuseCgo } from './cgo.ts';
import { checkGo, withoutEnv } from './classify.ts';
import {
  type GoDirectories,
  goEnvironment,
  moduleCacheFor,
  STAGE_GOMODCACHE,
  STAGE_GOROOT,
} from './environment.ts';
import { fields, joined } from './expand-word.ts';
import { checkInstall } from './install.ts';
import { above, checkModules } from './modules.ts';
import { NotPlain, type SimpleCommand } from './shell.ts';
import type { ProbedToolchain } from './toolchain.ts';
import { type Rewrite, toolexecScript } from './toolexec.ts';

export interface GoRun {
  commands: SimpleCommand[];
  toolchain: ProbedToolchain;
  directories: GoDirectories;
  /** The stage's environment, build args included. */
  environment: ReadonlyMap<string, string>;
  workdir: string;
  /** The stage's: what go compiles for, unless the stage says otherwise. */
  platform: Platform;
  onOutput: (line: string) => void;
  /** What one go command may write at most. */
  outputBytes: number;
  /** What it may not connect to. */
  network: NetworkPolicy;
  signal?: AbortSignal;
}

/** The exit code of the script, 0 for success. Throws NotPlain for what only shows once variables are known. */
export async function runGoScript(run: GoRun): Promise<number> {
  const shell = new Shell(run);
  for (const [index, command] of run.commands.entries()) {
    run.signal?.throwIfAborted();
    await shell.execute(command);
    // POSIX `set -e`: what stands before an && may fail.
    const isGuarded = run.commands[index + 1]?.after === '&&';
    if (shell.code !== 0 && shell.isStrict && !isGuarded) break;
  }
  return shell.code;
}

class Shell {
  code = 0;
  isStrict = false;
  readonly #run: GoRun;
  readonly #variables: Map<string, string>;
  #cwd: string;

  constructor(run: GoRun) {
    this.#run = run;
    this.#variables = new Map(run.environment);
    this.#cwd = run.workdir;
  }

  async execute(command: SimpleCommand): Promise<void> {
    if (command.after === '&&' && this.code !== 0) return;
    const assigned = command.assignments.map(({ name, value }): [string, string] => [
      name,
      joined(value, this.#variables),
    ]);
    const words = command.words.flatMap((word) => fields(word, this.#variables));
    const own = new Map(assigned);
    if (words[0] === 'env') {
      const inner = withoutEnv(words.map((text) => [{ text, quoted: true }]));
      for (const word of words.splice(0, words.length - inner.length).slice(1)) {
        own.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
      }
    }
    const [name, ...args] = words;
    if (name === undefined) for (const [key, value] of own) this.#variables.set(key, value);
    this.code = name === undefined ? 0 : await this.#call(name, args, own);
  }

  async #call(name: string, args: string[], own: Map<string, string>): Promise<number> {
    try {
      if (name === 'go' || name.endsWith('/go')) return await this.#go(args, own);
      this.#builtIn(name, args);
      return 0;
    } catch (error) {
      if (isRefusal(error)) this.#refused(name, error);
      else if (error instanceof CommandFailed) this.#run.onOutput(error.message);
      else throw error;
      return 1;
    }
  }

  #refused(name: string, { message }: Error): void {
    const { directories, toolchain, onOutput } = this.#run;
    onOutput(unmap(`${name}: ${message}`, directories, toolchain));
  }

  #builtIn(name: string, args: string[]): void {
    const where = { root: this.#run.directories.root, cwd: this.#cwd };
    if (name === 'cd') this.#cwd = changeDirectory(args, where, this.#variables.get('HOME') ?? '/root');
    else if (name === 'echo')
      this.#run.onOutput(args.filter((arg) => arg !== '-e' && arg !== '-n').join(' '));
    else if (name === 'pwd') this.#run.onOutput(this.#cwd);
    else if (name === 'export') for (const arg of args) this.#export(arg);
    else if (name === 'set') this.isStrict ||= args.some((arg) => /^-\w*e/.test(arg));
    else if (name !== 'true' && name !== ':') {
      const command = FILE_COMMANDS[name];
      if (command === undefined) throw new NotPlain(`it runs ${name}`);
      command(args, where);
    }
  }

  #export(arg: string): void {
    const equals = arg.indexOf('=');
    if (equals > 0) this.#variables.set(arg.slice(0, equals), arg.slice(equals + 1));
  }

  async #go(args: string[], own: Map<string, string>): Promise<number> {
    checkGo(args);
    // The caches are not in the image, so there is nothing to clean.
    if (args[0] === 'clean') return 0;
    const { toolchain, platform, onOutput, network } = this.#run;
    checkInstall(args, toolchain.goroot);
    const variables = new Map([...this.#variables, ...own]);
    const directories = { ...this.#run.directories };
    directories.moduleCache = moduleCacheFor(directories.moduleCache, variables, toolchain);
    markUsed(directories.moduleCache);
    const shown = (line: string) => unmap(line, directories, toolchain);
    const stage = { root: directories.root, cwd: this.#cwd, variables };
    await checkModules(args, stage, toolchain, shown);
    const toolexec = writeToolexec(directories, toolchain);
    const env = goEnvironment({
      toolchain,
      directories,
      variables,
      toolexec,
      platform,
      network,
      hasWorkspace: above(directories.root, this.#cwd, 'go.work') !== undefined,
    });
    const argv = mapArguments(args, directories.root, this.#cwd);
    if (isCgoOn(args, variables, platform)) {
      const list = (onLine: (line: string) => void) =>
        this.#spawnGo(cgoListArguments(argv), { ...env, CGO_ENABLED: '1' }, onLine);
      await refuseCgo(list, (line) => onOutput(shown(line)));
    }
    return this.#spawnGo(argv, env, (line) => onOutput(shown(line)));
  }

  #spawnGo(args: string[], env: Record<string, string>, onLine: (line: string) => void): Promise<number> {
    const { toolchain, directories, outputBytes, signal } = this.#run;
    const cwd = join(directories.root, this.#cwd);
    const tooMuch = new AbortController();
    return spawnLines({
      file: toolchain.go,
      args,
      cwd,
      env: { ...env, PWD: cwd },
      onLine,
      mostBytes: outputBytes,
      onTooMuch: () => tooMuch.abort(tooMuchOutput(outputBytes)),
      signal: signal === undefined ? tooMuch.signal : AbortSignal.any([signal, tooMuch.signal]),
    });
  }
}

function writeToolexec(directories: GoDirectories, { goroot }: ProbedToolchain): string {
  const { root, moduleCache } = directories;
  mkdirSync(directories.temporary, { recursive: true });
  mkdirSync(directories.home, { recursive: true });
  const path = `${root}.toolexec`;
  // Per name: a rewrite of the root itself to `/` would leave two slashes.
  const tops = readdirSync(root).map((name): Rewrite => [`${root}/${name}`, `/${name}`]);
  const rewrites: Rewrite[] = [...tops, [moduleCache, STAGE_GOMODCACHE], [goroot, STAGE_GOROOT]];
  writeFileSync(path, toolexecScript(rewrites, goroot), { mode: 0o755 });
  return path;
}

const TAKES_TEXT = /^--?(ldflags|gcflags|asmflags|gccgoflags|tags|mod|p|buildmode|f|replace)$/;

/**
 * Absolute paths, and those that climb, become paths on this machine; `-o=/app` too. Throws NotPlain for a flag's value
 * that is none and looks like one: what go takes for the value of a flag is not always what we do.
 */
function mapArguments(args: string[], root: string, cwd: string): string[] {
  const isPath = (text: string) => text.startsWith('/') || text.split('/').includes('..');
  const map = (text: string) =>
    isPath(text) ? join(root, within(cwd, text)) + (text.endsWith('/') ? '/' : '') : text;
  return args.map((arg, index) => {
    const flag = /^(--?(?:o|C|modfile))=(.*)$/s.exec(arg);
    if (flag !== null) return `${flag[1]}=${map(flag[2] ?? '')}`;
    if (arg.startsWith('-')) return arg;
    const before = args[index - 1] ?? '';
    if (!TAKES_TEXT.test(before)) return map(arg);
    if (isPath(arg)) throw new NotPlain(`${before} has ${arg}, which looks like a path`);
    return arg;
  });
}

function unmap(
  line: string,
  { root, moduleCache, temporary }: GoDirectories,
  { goroot }: ProbedToolchain,
): string {
  return line
    .replaceAll(`${root}/`, '/')
    .replaceAll(root, '/')
    .replaceAll(moduleCache, STAGE_GOMODCACHE)
    .replaceAll(temporary, '/tmp')
    .replaceAll(goroot, STAGE_GOROOT);
}
