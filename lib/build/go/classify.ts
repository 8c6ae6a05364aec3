import type { Command } from '../../dockerfile/types.ts';
import { argvOf, inlineProgram } from '../stage/config.ts';
import { joined } from './expand-word.ts';
import { checkGoFlag } from './flags.ts';
import { checkOptions, FILE_COMMAND_NAMES } from './options.ts';
import { NotPlain, parseScript, type SimpleCommand, type Word } from './shell.ts';
import { shellOptions } from './shell-options.ts';
import { checkAssigned, checkVariable } from './shell-variables.ts';

/** Whether the function engine can run a RUN, or why it cannot, as the end of a sentence: `it has a pipe (|)`. */
export type Classified =
  /** `fillsCaches`: it leaves modules, or what it compiled, in Go's caches. */
  | { plain: true; commands: SimpleCommand[]; usesGo: boolean; fillsCaches: boolean }
  | { plain: false; why: string };

/** What only a shell can do, and so not what is no program (POSIX, special and regular built-in utilities). */
const OF_THE_SHELL = ['cd', 'export', 'set', ':'];

/** What changes nothing. */
const HARMLESS = ['echo', 'pwd', 'true'];

/** The go commands that only read sources and write what they are told to; `fmt` runs the gofmt that is in GOBIN. */
const GO_COMMANDS = ['build', 'install', 'vet', 'version', 'env', 'list', 'get', 'clean', 'work', 'doc'];
const GO_MOD = ['download', 'tidy', 'verify', 'vendor', 'graph', 'why', 'edit', 'init'];

/** Those that run programs of the repository: with the builder's rights they could read its credentials. */
const GO_RUNS_PROGRAMS = ['test', 'run', 'generate', 'tool'];

/** Pure: decides by the text alone. What its variables hold is checked again when it runs. */
export function classify(command: Command, shell: readonly string[]): Classified {
  try {
    const commands = commandsOf(command, shell);
    for (const simple of commands) check(simple, hasPipefail(command, shell));
    const fillsCaches = commands.filter(usesGo).some(({ words }) => {
      const command = literal(withoutEnv(words)[1] ?? []);
      return command !== 'version' && command !== 'env';
    });
    return { plain: true, commands, usesGo: commands.some(usesGo), fillsCaches };
  } catch (error) {
    if (error instanceof NotPlain) return { plain: false, why: error.message };
    throw error;
  }
}

function commandsOf(command: Command, shell: readonly string[]): SimpleCommand[] {
  if (inlineProgram(command) !== undefined) throw new NotPlain('it is a program in a here-document');
  if (command.form === 'shell') {
    const [script = ''] = argvOf(command, { Shell: [] });
    return parseScript(optionsOf(shell) + script);
  }
  const inner = shellScript(command.argv);
  if (inner !== undefined) return parseScript(inner);
  if (OF_THE_SHELL.includes(command.argv[0] ?? '')) throw new NotPlain(`${command.argv[0]} is no program`);
  const words = command.argv.map((text): Word => [{ text, quoted: true }]);
  return [{ after: ';', assignments: [], words }];
}

function shellScript([program = '', flag, script, ...more]: string[]): string | undefined {
  return SHELLS.includes(baseName(program)) && flag === '-c' && more.length === 0 ? script : undefined;
}

const SHELLS = ['sh', 'bash', 'ash', 'dash'];

// `SHELL ["/bin/bash", "-o", "pipefail", "-ec"]`: the options become a `set` in front.
function optionsOf([program = '', ...flags]: readonly string[]): string {
  if (!SHELLS.includes(baseName(program))) throw new NotPlain(`it is for ${program}`);
  const last = flags.at(-1) ?? '';
  if (!/^-\w*c$/.test(last)) throw new NotPlain(`the shell's flags are ${flags.join(' ')}`);
  const options = [...flags.slice(0, -1), last.slice(0, -1)].filter((flag) => flag !== '-');
  return options.length === 0 ? '' : `set ${options.join(' ')}; `;
}

// What `sh` is differs from one base to the other, and Debian's ends a script that asks for it.
function hasPipefail(command: Command, shell: readonly string[]): boolean {
  const [program = ''] = command.form === 'shell' ? shell : command.argv;
  return ['bash', 'ash'].includes(baseName(program));
}

function check({ words, assignments }: SimpleCommand, hasPipefail: boolean): void {
  for (const { name } of assignments) checkAssigned(name);
  for (const piece of [...words, ...assignments.map(({ value }) => value)].flat())
    if ('variable' in piece) checkVariable(piece.variable);
  const all = words.map(literal);
  const [name, ...args] = withoutEnv(words).map(literal);
  if (name === undefined) return;
  if (name === null) throw new NotPlain('the name of the command is in a variable');
  if (OF_THE_SHELL.includes(name)) {
    if (all[0] === 'env') throw new NotPlain(`${name} is no program`);
    if (assignments.length > 0) throw new NotPlain(`it sets a variable in front of ${name}`);
  }
  if (name === 'set') shellOptions(args, hasPipefail);
  else if (name === 'cd') checkDirectory(args);
  else if (name === 'export') for (const arg of args) checkExport(arg);
  else if (FILE_COMMAND_NAMES.includes(name)) checkOptions(name, args);
  else if (baseName(name) === 'go') checkGo(args);
  else if (!HARMLESS.includes(name) && name !== ':') throw new NotPlain(`it runs ${name}`);
}

/** Throws NotPlain for arguments of `cd` that are not one directory; `null` stands for one with a variable in it. */
export function checkDirectory(args: readonly (string | null)[]): void {
  const [path] = args;
  if (args.length > 1 || path === '' || /^-./.test(path ?? ''))
    throw new NotPlain(`it runs cd ${args.join(' ')}`);
}

/** Throws NotPlain for an argument of `export` that is no name, with or without a value. */
export function checkExport(arg: string | null): void {
  if (arg === null) return;
  const name = /^([A-Za-z_]\w*)(=|$)/.exec(arg)?.[1];
  if (name === undefined) throw new NotPlain(`it runs export ${arg}`);
  checkAssigned(name);
}

/** What comes after `env A=b`. */
export function withoutEnv(words: Word[]): Word[] {
  const first = words[0];
  if (first === undefined || literal(first) !== 'env') return words;
  const rest = words.slice(1);
  const begin = rest.findIndex(
    (word) => !/^[A-Za-z_]\w*=/.test(word.map((p) => ('text' in p ? p.text : '')).join('')),
  );
  return begin < 0 ? [] : rest.slice(begin);
}

/**
 * Throws NotPlain for arguments of go that the function engine must not pass on; `null` stands for one with a variable
 * in it. When its variables are known a command line may be another one, and has to be checked again.
 */
export function checkGo(args: readonly (string | null)[]): void {
  const command = args[0];
  if (command === undefined || command === null) throw new NotPlain('go is called without a command');
  // `go -C build test` has another command than the first word that is no flag.
  if (command.startsWith('-')) throw new NotPlain(`go has the flag ${command} before its command`);
  if (GO_RUNS_PROGRAMS.includes(command)) throw new NotPlain(`go ${command} runs programs of the repository`);
  const second = args[1];
  if (command === 'mod' && !GO_MOD.includes(second ?? ''))
    throw new NotPlain(`it runs go mod ${second ?? ''}`);
  if (command !== 'mod' && !GO_COMMANDS.includes(command)) throw new NotPlain(`it runs go ${command}`);
  args.forEach((arg, index) => {
    checkGoFlag(arg, args[index + 1] ?? null);
  });
}

function usesGo({ words }: SimpleCommand): boolean {
  const first = withoutEnv(words)[0];
  return first !== undefined && baseName(literal(first) ?? '') === 'go';
}

/** The text of a word without variables, else null. */
function literal(word: Word): string | null {
  return word.every((piece) => 'text' in piece) ? joined(word, new Map()) : null;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
