import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../../image/types.ts';
import type { NetworkPolicy } from '../../network/policy.ts';
import { tooMuchOutput } from '../../sandbox/limits.ts';
import { spawnLines } from '../../sandbox/spawn.ts';
import { markUsed } from '../store/prune.ts';
import { changeDirectory, changeFiles } from './built-in.ts';
import { cgoListArguments, isCgoOn, refuseCgo } from './cgo.ts';
import { checkDirectory, checkExport, checkGo, withoutEnv } from './classify.ts';
import { isRefusal } from './each-operand.ts';
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
import { FILE_COMMAND_NAMES } from './options.ts';
import { NotPlain, type SimpleCommand } from './shell.ts';
import { shellOptions } from './shell-options.ts';
import { ShellVariables } from './shell-variables.ts';
import { mapArguments, unmap } from './stage-paths.ts';
import type { ProbedToolchain } from './toolchain.ts';
import { type Rewrite, toolexecScript } from './toolexec.ts';
import { CommandFailed, type Where } from './where.ts';

export interface GoRun {
  commands: SimpleCommand[];
  toolchain: ProbedToolchain;
  directories: GoDirectories;
  /** The stage's environment, build args included. */
  environment: ReadonlyMap<string, string>;
  workdir: string;
  /** HOME, where the environment has none. */
  home: string;
  /** The files of the stage, `directories.root` among it. */
  files: Omit<Where, 'cwd'>;
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
    // After what failed, a command behind && is left out, and the list goes on as it was.
    if (command.after === '&&' && shell.code !== 0) continue;
    await shell.execute(command);
    // POSIX, set -e: of commands with && between them only the last one ends the script by failing.
    const isGuarded = run.commands[index + 1]?.after === '&&';
    if (shell.code !== 0 && shell.isStrict && !isGuarded) break;
  }
  return shell.code;
}

class Shell {
  code = 0;
  isStrict = false;
  readonly #run: GoRun;
  readonly #variables: ShellVariables;
  #cwd: string;

  constructor(run: GoRun) {
    this.#run = run;
    this.#variables = new ShellVariables(run.environment, run.home, run.workdir);
    this.#cwd = run.workdir;
  }

  async execute({ words: written, assignments }: SimpleCommand): Promise<void> {
    const words = written.flatMap((word) => fields(word, this.#variables));
    const own = new Map<string, string>();
    // One sees those before it.
    const seen = {
      get: (name: string) => own.get(name) ?? this.#variables.get(name),
      missing: (name: string) => this.#variables.missing(name),
    };
    for (const { name, value } of assignments) own.set(name, joined(value, seen));
    if (words[0] === 'env') {
      const inner = withoutEnv(words.map((text) => [{ text, quoted: true }]));
      for (const word of words.splice(0, words.length - inner.length).slice(1)) {
        own.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
      }
    }
    const [name, ...args] = words;
    if (name === undefined && written.length === 0) {
      for (const [key, value] of own) this.#variables.assign(key, value);
    }
    this.code = name === undefined ? 0 : await this.#call(name, args, own);
  }

  async #call(name: string, args: string[], own: Map<string, string>): Promise<number> {
    try {
      if (name === 'go' || name.endsWith('/go')) return await this.#go(args, own);
      this.#builtIn(name, args);
      return 0;
    } catch (error) {
      if (isRefusal(error)) this.#say(`${name}: ${error.message}`);
      else if (error instanceof CommandFailed) this.#say(error.message);
      else throw error;
      return 1;
    }
  }

  #say(text: string): void {
    const { directories, toolchain, onOutput } = this.#run;
    for (const line of text.split('\n')) onOutput(unmap(line, directories, toolchain));
  }

  #builtIn(name: string, args: string[]): void {
    const where = { ...this.#run.files, cwd: this.#cwd };
    if (FILE_COMMAND_NAMES.includes(name)) changeFiles(name, args, where);
    else if (name === 'cd') this.#enter(args, where);
    else if (name === 'echo')
      this.#run.onOutput(args.filter((arg) => arg !== '-e' && arg !== '-n').join(' '));
    else if (name === 'pwd') this.#run.onOutput(this.#cwd);
    else if (name === 'export') for (const arg of args) this.#export(arg);
    else if (name === 'set') this.#set(args);
    else if (name !== 'true' && name !== ':') throw new NotPlain(`it runs ${name}`);
  }

  #enter(args: string[], where: Where): void {
    checkDirectory(args);
    this.#cwd = changeDirectory(this.#variables.directoryOf(args[0]), where);
    this.#variables.enter(this.#cwd);
  }

  #set(args: string[]): void {
    const { isStrict, refusesUnset } = shellOptions(args, true);
    this.isStrict = isStrict ?? this.isStrict;
    this.#variables.refusesUnset = refusesUnset ?? this.#variables.refusesUnset;
  }

  #export(arg: string): void {
    checkExport(arg);
    const equals = arg.indexOf('=');
    if (equals > 0) this.#variables.assign(arg.slice(0, equals), arg.slice(equals + 1));
    this.#variables.export(equals > 0 ? arg.slice(0, equals) : arg);
  }

  async #go(args: string[], own: Map<string, string>): Promise<number> {
    checkGo(args);
    // The caches are not in the image, so there is nothing to clean.
    if (args[0] === 'clean') return 0;
    const { toolchain, platform, onOutput, network } = this.#run;
    checkInstall(args, toolchain.goroot);
    const variables = this.#variables.environment(own);
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
