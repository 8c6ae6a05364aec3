import { NotPlain } from './shell.ts';

/** What `set` changes in how a script goes on. */
export interface ShellOptions {
  /** -e: it ends with the first command that fails. */
  isStrict?: boolean;
  /** -u: it ends where a variable is not set. */
  refusesUnset?: boolean;
}

const LETTERS: Readonly<Record<string, string>> = { e: 'errexit', u: 'nounset', x: 'xtrace', f: 'noglob' };

/**
 * What the arguments of `set`, or the flags of a shell, turn on and off (POSIX, Shell Command Language, set). Throws
 * NotPlain for those that do more than the function engine knows; `-o pipefail`, which older shells refuse, is known
 * only where `hasPipefail`.
 */
export function shellOptions(args: readonly (string | null)[], hasPipefail: boolean): ShellOptions {
  const options: ShellOptions = {};
  const refuse = () => new NotPlain(`it is for ${['set', ...args].join(' ')}`);
  if (args.length === 0) throw refuse();
  const left = [...args];
  while (left.length > 0) {
    const [, sign, letters = '', named] = /^([-+])([euxf]*)(o?)$/.exec(left.shift() ?? '') ?? [];
    if (sign === undefined || (letters === '' && named === '')) throw refuse();
    const names = [...letters].map((letter) => LETTERS[letter]);
    if (named === 'o') names.push(left.shift() ?? '');
    for (const name of names) {
      if (name === 'errexit') options.isStrict = sign === '-';
      else if (name === 'nounset') options.refusesUnset = sign === '-';
      else if (name === 'pipefail' && hasPipefail) continue;
      else if (name !== 'xtrace' && name !== 'noglob') throw refuse();
    }
  }
  return options;
}
