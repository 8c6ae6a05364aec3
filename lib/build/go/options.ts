import { chmodChange } from './chmod-mode.ts';
import { NotPlain } from './shell.ts';

/** The arguments of a command, told apart. */
export interface Parsed {
  flags: ReadonlySet<string>;
  /** Of the options that have a value. */
  values: ReadonlyMap<string, string>;
  operands: string[];
}

interface Options {
  /** One letter each. */
  flags: string;
  /** Letters that take a value. */
  values?: string;
  long: Readonly<Record<string, string>>;
}

const COMMON = { '--verbose': 'v' };

/** What each command may have: what it then does is what GNU's and busybox's do alike. */
const OPTIONS: Readonly<Record<string, Options>> = {
  mkdir: { flags: 'pv', values: 'm', long: { ...COMMON, '--parents': 'p', '--mode': 'm' } },
  cp: {
    flags: 'rRafpdPLvT',
    long: {
      ...COMMON,
      '--recursive': 'r',
      '--archive': 'a',
      '--force': 'f',
      '--no-dereference': 'P',
      '--dereference': 'L',
      '--no-target-directory': 'T',
    },
  },
  mv: { flags: 'fvT', long: { ...COMMON, '--force': 'f', '--no-target-directory': 'T' } },
  rm: { flags: 'rRfv', long: { ...COMMON, '--recursive': 'r', '--force': 'f' } },
  chmod: {
    flags: 'Rvcf',
    long: { ...COMMON, '--recursive': 'R', '--changes': 'c', '--silent': 'f', '--quiet': 'f' },
  },
  touch: { flags: 'cam', long: { '--no-create': 'c' } },
};

/** The names of the commands that change files. */
export const FILE_COMMAND_NAMES = Object.keys(OPTIONS);

/** What stands for an argument with a variable in it, of which nothing is known yet. */
const UNKNOWN = 'unknown';

/**
 * Tells options from operands as getopt_long does, which finds options behind operands too. `null` stands for what is
 * known only when the command runs. Throws NotPlain for options that the function engine does not know.
 */
export function parseOptions(command: string, args: readonly (string | null)[]): Parsed {
  const known = OPTIONS[command] as Options;
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const operands: string[] = [];
  const left = [...args];
  while (left.length > 0) {
    const arg = left.shift();
    if (arg === '--') {
      operands.push(...left.splice(0).map((rest) => rest ?? UNKNOWN));
    } else if (typeof arg !== 'string' || !/^-./.test(arg) || isMode(command, arg)) {
      operands.push(arg ?? UNKNOWN);
    } else {
      for (const [letter, inline] of lettersOf(command, arg, known)) {
        if (known.values?.includes(letter) !== true) flags.add(letter);
        else values.set(letter, inline ?? valueAfter(command, letter, left));
      }
    }
  }
  if (flags.has('L') && ['P', 'a', 'd'].some((flag) => flags.has(flag)))
    throw new NotPlain(`${command} is both to follow symlinks and not to`);
  return { flags, values, operands };
}

/** Throws NotPlain for what is not known of a command's arguments: before anything runs, and again when they are known. */
export function checkOptions(command: string, args: readonly (string | null)[]): void {
  const { values, operands } = parseOptions(command, args);
  const modes = [values.get('m'), command === 'chmod' ? operands[0] : undefined];
  for (const mode of modes) if (mode !== undefined && mode !== UNKNOWN) chmodChange(mode);
}

// `chmod -x file`: no option of chmod's has these letters.
function isMode(command: string, arg: string): boolean {
  return command === 'chmod' && /^-[rwxXst]+$/.test(arg);
}

function lettersOf(command: string, arg: string, { flags, values = '', long }: Options): [string, string?][] {
  const refuse = () => new NotPlain(`${command} has the option ${arg}`);
  if (arg.startsWith('--')) {
    const equals = arg.indexOf('=');
    const letter = long[equals < 0 ? arg : arg.slice(0, equals)];
    if (letter === undefined || (equals >= 0 && !values.includes(letter))) throw refuse();
    return [equals < 0 ? [letter] : [letter, arg.slice(equals + 1)]];
  }
  const found: [string, string?][] = [];
  for (let at = 1; at < arg.length; at++) {
    const letter = arg[at] as string;
    if (values.includes(letter)) {
      found.push(at + 1 < arg.length ? [letter, arg.slice(at + 1)] : [letter]);
      break;
    }
    if (!flags.includes(letter)) throw refuse();
    found.push([letter]);
  }
  return found;
}

function valueAfter(command: string, letter: string, left: (string | null)[]): string {
  if (left.length === 0) throw new NotPlain(`${command} -${letter} has no value`);
  return left.shift() ?? UNKNOWN;
}
