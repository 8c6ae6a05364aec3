import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { CONFIG_FILE, check } from '../../../lib/config/check.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { root } from '../../root.ts';
import { asIfAnswered, configOf, unknownHost } from './answers.ts';
import { askAll, type Terminal, takeUsual } from './ask.ts';
import { answersOf, type Flags } from './flags.ts';
import type { Known } from './questions.ts';
import { textOf } from './write.ts';

/** Writes the configuration of this clone, by what flags say and a person answers. @returns what it says then */
export async function init(flags: Flags, known: Known, folder: string = root()): Promise<string[]> {
  const given = answersOf(flags);
  // What a host is, which its name does not tell, may still be asked.
  if (given.repositories !== undefined && unknownHost(given) === undefined)
    check(configOf(asIfAnswered(given)), 'the flags');
  const isAsked = flags.yes !== true && process.stdin.isTTY === true;
  const answers = isAsked
    ? await atTerminal((terminal) => askAll(given, known, terminal))
    : takeUsual(given, known);
  const config = configOf(answers);
  check(config, 'the flags');
  const path = join(folder, CONFIG_FILE);
  await write(path, textOf(config), flags.force === true);
  return [
    `${CONFIG_FILE} is written: look at it, and change what you like (docs/configuration.md).`,
    'Then: npx fairlead deploy',
  ];
}

async function write(path: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new FairleadError({
      code: 'init/exists',
      operation: 'writing the configuration',
      place: CONFIG_FILE,
      cause: 'there is one already, and it is left as it is',
      remedy: 'change it by hand, or give --force to write it anew',
    });
  }
}

function unanswered(): FairleadError {
  return new FairleadError({
    code: 'init/left',
    operation: 'writing the configuration',
    cause: 'nothing is written: not all questions were answered',
  });
}

async function atTerminal<T>(use: (terminal: Terminal) => Promise<T>): Promise<T> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-D: a question that is waited for would never be answered.
  const left = new Promise<never>((_, reject) => lines.once('close', () => reject(unanswered())));
  left.catch(() => undefined);
  try {
    return await use({
      ask: (text) => Promise.race([lines.question(text), left]),
      say: (line) => console.log(line),
    });
  } finally {
    lines.close();
  }
}
