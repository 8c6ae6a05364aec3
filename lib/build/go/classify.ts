import type { Command } from '../../dockerfile/types.ts';
import { argvOf, inlineProgram } from '../stage/config.ts';
import { joined } from './expand-word.ts';
import { checkGoFlag } from './flags.ts';
import { NotPlain, parseScript, type SimpleCommand, type Word } from './shell.ts';

/** Whether the function engine can run a RUN, or why it cannot, as the end of a sentence: `it has a pipe (|)`. */
export type Classified =
  | { plain: true; commands: SimpleCommand[]; usesGo: boolean }
  | { plain: false; why: string };

/** What the function engine does itself, without a shell. */
const BUILT_IN = [
  'cd',
  'mkdir',
  'cp',
  'mv',
  'rm',
  'chmod',
  'touch',
  'echo',
  'export',
  'set',
  'pwd',
  'true',
  ':',
];

/** The go commands that only read sources and write what they are told to; `fmt` runs the gofmt that is in GOBIN. */
const GO_COMMANDS = ['build', 'install', 'vet', 'version', 'env', 'list', 'get', 'clean', 'work', 'doc'];
const GO_MOD = ['download', 'tidy', 'verify', 'vendor', 'graph', 'why', 'edit', 'init'];

/** Those that run programs of the repository: with the builder's rights they could read its credentials. */
const GO_RUNS_PROGRAMS = ['test', 'run', 'generate', 'tool'];

/** Pure: decides by the text alone. What its variables hold is checked again when it runs. */
export function classify(command: Command, shell: readonly string[]): Classified {
  try {
    const commands = commandsOf(command, shell);
    for (const simple of commands) check(simple);
    return { plain: true, commands, usesGo: commands.some(usesGo) };
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
  const words = command.argv.map((text): Word => [{ text, quoted: true }]);
  return [{ after: ';', assignments: [], words }];
}

function shellScript([program = '', flag, script, ...more]: string[]): string | undefined {
  const isShell =
    ['sh', 'bash', 'ash', 'dash'].includes(baseName(program)) && flag === '-c' && more.length === 0;
  return isShell ? script : undefined;
}

// `SHELL ["/bin/bash", "-o", "pipefail", "-ec"]`: the options become a `set` in front.
function optionsOf([program = '', ...flags]: readonly string[]): string {
  if (!['sh', 'bash', 'ash', 'dash'].includes(baseName(program))) throw new NotPlain(`it is for ${program}`);
  if (!flags.at(-1)?.endsWith('c')) throw new NotPlain(`the shell's flags are ${flags.join(' ')}`);
  const isStrict = flags.some((flag) => /^-\w*e/.test(flag));
  return isStrict ? 'set -e; ' : '';
}

function check({ words }: SimpleCommand): void {
  const [name, ...args] = withoutEnv(words).map(literal);
  if (name === undefined) return;
  if (name === null) throw new NotPlain('the name of the command is in a variable');
  if (BUILT_IN.includes(name)) return;
  if (baseName(name) !== 'go') throw new NotPlain(`it runs ${name}`);
  checkGo(args);
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
