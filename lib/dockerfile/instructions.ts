import { didYouMean, fault, notSupported, type Position } from './faults.ts';
import { cacheMount, checkFlags, duration, flag } from './flags.ts';
import type { SourceInstruction } from './source.ts';
import type { Command, Escape, FromInstruction, Instruction, Place } from './types.ts';
import { blanks, command, type Flag, flags, jsonForm, pairs, words } from './words.ts';

/** What a reader of one instruction's arguments gets. */
interface Input {
  place: Place;
  keyword: string;
  flags: Flag[];
  rest: string;
  escapeChar: Escape;
  position: Position;
}

type Reader = (input: Input) => Instruction | FromInstruction;

const readers: Record<string, Reader> = {
  FROM: from,
  ARG: ({ place, rest, escapeChar }) => ({
    ...place,
    keyword: 'ARG',
    args: words(rest, escapeChar).map((word) => {
      const equals = word.indexOf('=');
      return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
    }),
  }),
  ENV: ({ place, rest, escapeChar, position }) => ({
    ...place,
    keyword: 'ENV',
    pairs: pairs(rest, escapeChar, 'ENV', position),
  }),
  LABEL: ({ place, rest, escapeChar, position }) => ({
    ...place,
    keyword: 'LABEL',
    pairs: pairs(rest, escapeChar, 'LABEL', position),
  }),
  COPY: copy,
  ADD: copy,
  RUN: run,
  CMD: ({ place, rest }) => ({ ...place, keyword: 'CMD', command: command(rest) }),
  ENTRYPOINT: ({ place, rest }) => ({ ...place, keyword: 'ENTRYPOINT', command: command(rest) }),
  WORKDIR: ({ place, rest }) => ({ ...place, keyword: 'WORKDIR', path: rest }),
  USER: ({ place, rest }) => ({ ...place, keyword: 'USER', user: rest }),
  EXPOSE: ({ place, rest }) => ({ ...place, keyword: 'EXPOSE', ports: blanks(rest) }),
  VOLUME: ({ place, rest }) => ({ ...place, keyword: 'VOLUME', paths: jsonForm(rest) ?? blanks(rest) }),
  STOPSIGNAL: ({ place, rest }) => ({ ...place, keyword: 'STOPSIGNAL', signal: rest }),
  SHELL: shell,
  HEALTHCHECK: healthcheck,
  MAINTAINER: ({ place, rest }) => ({ ...place, keyword: 'MAINTAINER', author: rest }),
  ONBUILD: ({ position }) => {
    throw notSupported(position, 'ONBUILD', 'put the instruction into the Dockerfile that needs it');
  },
};

/** Reads one instruction. Throws FairleadError `dockerfile/…` at its line for what is wrong or not supported. */
export function readInstruction(
  source: SourceInstruction,
  escapeChar: Escape,
  file: string,
): Instruction | FromInstruction {
  const { line, endLine, text, word, keyword } = source;
  const position = { file, line };
  const reader = readers[keyword];
  if (reader === undefined) {
    const meant = didYouMean(word, Object.keys(readers));
    throw fault(position, 'unknown-instruction', `unknown instruction ${word}${meant}`);
  }
  const taken = flags(source.rest, escapeChar);
  // A command's own `--flags` are its business; these four have flags of the builder.
  const hasFlags = ['FROM', 'COPY', 'ADD', 'RUN', 'HEALTHCHECK'].includes(keyword);
  if (hasFlags) checkFlags(keyword, taken.flags, position);
  const rest = hasFlags ? taken.rest : source.rest;
  if (rest === '') throw fault(position, 'missing-argument', `${keyword} needs an argument`);
  refuseHeredoc(keyword, rest, position);
  return reader({
    place: { line, endLine, text },
    keyword,
    flags: hasFlags ? taken.flags : [],
    rest,
    escapeChar,
    position,
  });
}

function refuseHeredoc(keyword: string, rest: string, position: Position): void {
  if (!['RUN', 'COPY', 'ADD'].includes(keyword) || !/(^|\s)\d*<<-?\s*['"]?[A-Za-z_]/.test(rest)) return;
  const remedy =
    keyword === 'RUN' ? 'join the commands with && and \\' : 'put the text into a file and COPY it';
  throw notSupported(position, `a heredoc in ${keyword}`, remedy);
}

function from({ place, rest, flags, position }: Input): FromInstruction {
  const [image = '', as, name, ...more] = blanks(rest);
  const isNamed = as?.toUpperCase() === 'AS' && name !== undefined && more.length === 0;
  if (as !== undefined && !isNamed) {
    throw fault(
      position,
      'bad-argument',
      `FROM has ${JSON.stringify(rest)}`,
      'write FROM image, or FROM image AS name',
    );
  }
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/i.test(name)) {
    const remedy = 'begin with a letter, go on with letters, digits, "-", "_" and "."';
    throw fault(position, 'bad-argument', `${JSON.stringify(name)} is not a stage's name`, remedy);
  }
  const platform = flag(flags, 'platform');
  return {
    ...place,
    keyword: 'FROM',
    image,
    ...(platform === undefined ? {} : { platform }),
    ...(name === undefined ? {} : { as: name.toLowerCase() }),
  };
}

function copy({ place, keyword, rest, flags, position }: Input): Instruction {
  const paths = jsonForm(rest) ?? blanks(rest);
  const destination = paths.at(-1);
  if (paths.length < 2 || destination === undefined) {
    throw fault(position, 'missing-argument', `${keyword} needs a source and a destination`);
  }
  const sources = paths.slice(0, -1);
  const values = (['from', 'chown', 'chmod'] as const).map((name) => [name, flag(flags, name)] as const);
  const given = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  if (given.chmod !== undefined && !/^0?[0-7]{1,4}$/.test(given.chmod) && !given.chmod.includes('$')) {
    throw notSupported(position, `--chmod=${given.chmod}`, 'write the mode in octal, --chmod=755');
  }
  return { ...place, keyword: keyword as 'COPY' | 'ADD', sources, destination, ...given };
}

function run({ place, rest, flags, position }: Input): Instruction {
  const mounts = flags
    .filter(({ name }) => name === 'mount')
    .map(({ value }) => cacheMount(value ?? '', position));
  return { ...place, keyword: 'RUN', command: command(rest), mounts };
}

function shell({ place, rest, position }: Input): Instruction {
  const argv = jsonForm(rest);
  if (argv === undefined || argv.length === 0) {
    throw fault(position, 'bad-argument', 'SHELL needs the JSON form', 'write SHELL ["/bin/sh", "-c"]');
  }
  return { ...place, keyword: 'SHELL', argv };
}

function healthcheck({ place, rest, flags, position }: Input): Instruction {
  const [word = '', ...others] = blanks(rest);
  const kind = word.toUpperCase();
  const isNone = kind === 'NONE' && others.length === 0;
  if (!isNone && (kind !== 'CMD' || others.length === 0)) {
    const cause = `HEALTHCHECK has ${JSON.stringify(word)}`;
    throw fault(position, 'bad-argument', cause, 'write HEALTHCHECK NONE or HEALTHCHECK CMD command');
  }
  const test: Command | 'none' = isNone ? 'none' : command(rest.slice(word.length).trim());
  const time = (name: string) => {
    const text = flag(flags, name);
    return text === undefined ? undefined : duration(text, position);
  };
  const retries = flag(flags, 'retries');
  const options = {
    interval: time('interval'),
    timeout: time('timeout'),
    startPeriod: time('start-period'),
    startInterval: time('start-interval'),
    retries: retries === undefined ? undefined : Number(retries),
  };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...place, keyword: 'HEALTHCHECK', command: test, ...given };
}
