import { fault, type Position } from './faults.ts';
import { flag } from './flags.ts';
import type { Input } from './instructions.ts';
import { duration } from './quantities.ts';
import type { Command, HealthcheckInstruction } from './types.ts';
import { command, splitInstruction } from './words.ts';

/** Reads HEALTHCHECK (BuildKit, `parseHealthcheck`). Throws FairleadError `dockerfile/…`. */
export function readHealthcheck({ place, rest, flags, position }: Input): HealthcheckInstruction {
  const times = {
    interval: time('interval'),
    timeout: time('timeout'),
    startPeriod: time('start-period'),
    startInterval: time('start-interval'),
    retries: retriesOf(flag(flags, 'retries'), position),
  };
  const given = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  return { ...place, keyword: 'HEALTHCHECK', command: testOf(rest, position), ...given };

  function time(name: string): number | undefined {
    const text = flag(flags, name);
    return text === undefined ? undefined : duration(text, name, position);
  }
}

function testOf(rest: string, position: Position): Command | 'none' {
  const [word, test] = splitInstruction(rest);
  const kind = word.toUpperCase();
  if (kind === 'NONE' && test === '') return 'none';
  if (kind === 'CMD' && test !== '') {
    const read = command(test, position);
    if (read.form === 'shell' || read.argv.length > 0) return read;
  }
  const cause = `HEALTHCHECK has ${JSON.stringify(word)}`;
  throw fault(position, 'bad-argument', cause, 'write HEALTHCHECK NONE or HEALTHCHECK CMD command');
}

const MOST = 2 ** 31 - 1;

function retriesOf(text: string | undefined, position: Position): number | undefined {
  if (text === undefined) return undefined;
  if (/^\+?\d+$/.test(text) && Number(text) <= MOST) return Number(text);
  throw fault(position, 'bad-flag', `--retries is ${JSON.stringify(text)}`, 'write a number, --retries=3');
}
