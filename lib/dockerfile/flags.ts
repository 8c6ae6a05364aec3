import { didYouMean, fault, type Position } from './faults.ts';
import type { Flag } from './words.ts';

/** What a flag takes: `--link` or `--link=false`; one value; a value each time that it is there. */
type Kind = 'switch' | 'once' | 'often' | { remedy: string };

const KNOWN_FLAGS: Record<string, Record<string, Kind>> = {
  FROM: { platform: 'once' },
  COPY: {
    from: 'once',
    chown: 'once',
    chmod: 'once',
    link: 'switch',
    parents: 'switch',
    exclude: 'often',
  },
  ADD: {
    chown: 'once',
    chmod: 'once',
    link: 'switch',
    checksum: 'once',
    'keep-git-dir': 'switch',
    unpack: 'switch',
    exclude: 'often',
  },
  RUN: {
    mount: 'often',
    network: 'once',
    security: 'once',
    device: { remedy: 'leave it out: a build has no devices' },
  },
  HEALTHCHECK: {
    interval: 'once',
    timeout: 'once',
    'start-period': 'once',
    'start-interval': 'once',
    retries: 'once',
  },
};

/**
 * Checks that `keyword` knows each flag, that it has a value where it needs one, and that none is there twice
 * (BuildKit, `instructions.BFlags`). Throws `dockerfile/unknown-flag`, `dockerfile/bad-flag`.
 */
export function checkFlags(keyword: string, flags: Flag[], position: Position): void {
  const known = KNOWN_FLAGS[keyword] ?? {};
  const seen = new Set<string>();
  for (const { name, value } of flags) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw unknown(keyword, name, Object.keys(known), position);
    if (typeof kind === 'object') {
      throw fault(position, 'not-supported', `${keyword} --${name} is not supported`, kind.remedy);
    }
    if (value === undefined && kind !== 'switch') {
      throw fault(position, 'bad-flag', `${keyword} --${name} needs a value`, `write --${name}=value`);
    }
    if (kind === 'switch' && value !== undefined && !/^(true|false)$/i.test(value)) {
      const cause = `--${name} is ${JSON.stringify(value)}`;
      throw fault(position, 'bad-flag', cause, `write --${name}, --${name}=true or --${name}=false`);
    }
    if (seen.has(name) && kind !== 'often') {
      throw fault(position, 'bad-flag', `--${name} is there twice`, 'keep one of them');
    }
    seen.add(name);
  }
}

function unknown(keyword: string, name: string, known: string[], position: Position): Error {
  const written = known.map((flag) => `--${flag}`);
  const meant = didYouMean(`--${name}`, written);
  const has = written.length === 0 ? `${keyword} has no flags` : `it knows ${written.join(', ')}`;
  // What a command is given looks like a flag of the builder; the JSON form tells them apart.
  const isCommand = ['CMD', 'ENTRYPOINT', 'SHELL'].includes(keyword);
  const remedy = isCommand ? `write ${keyword} ["--${name}"]` : has;
  return fault(position, 'unknown-flag', `${keyword} knows no flag --${name}${meant}`, remedy);
}

/** The value of a flag that is there once at most; an empty one is as none. */
export function flag(flags: Flag[], name: string): string | undefined {
  return flags.find((candidate) => candidate.name === name)?.value || undefined;
}

/** All values of a flag that may be there often. */
export function flagValues(flags: Flag[], name: string): string[] {
  return flags.filter((candidate) => candidate.name === name).map(({ value = '' }) => value);
}

/** Whether `--link` is there; nothing when it is not mentioned. */
export function flagSwitch(flags: Flag[], name: string): boolean | undefined {
  const found = flags.find((candidate) => candidate.name === name);
  return found === undefined ? undefined : found.value?.toLowerCase() !== 'false';
}

/** The value of a flag, which is one of `choices`. Throws `dockerfile/bad-flag`. */
export function flagChoice<T extends string>(
  flags: Flag[],
  name: string,
  choices: readonly T[],
  position: Position,
): T | undefined {
  const value = flag(flags, name);
  const found = choices.find((choice) => choice === value);
  if (value === undefined || found !== undefined) return found;
  const meant = didYouMean(value, choices);
  throw fault(position, 'bad-flag', `--${name} is ${value}${meant}`, `it is one of ${choices.join(', ')}`);
}
