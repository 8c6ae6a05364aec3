import { readCopy } from './copy.ts';
import { didYouMean, fault, type Position } from './faults.ts';
import { checkFlags, flag, flagChoice, flagValues } from './flags.ts';
import { readHealthcheck } from './healthcheck.ts';
import { readMount } from './mounts.ts';
import type { SourceInstruction } from './source.ts';
import type {
  ArgInstruction,
  Command,
  Escape,
  FromInstruction,
  Heredoc,
  Instruction,
  Place,
} from './types.ts';
import { blanks, command, type Flag, flags, jsonForm, pairs, splitInstruction, words } from './words.ts';

/** What a reader of one instruction's arguments gets. */
export interface Input {
  place: Place;
  keyword: string;
  flags: Flag[];
  rest: string;
  heredocs: Heredoc[];
  /** What follows in the Dockerfile: blanks, and the here-documents as they are written. */
  tail: string;
  escapeChar: Escape;
  position: Position;
}

type Reader = (input: Input) => Instruction | FromInstruction;

const readers: Record<string, Reader> = {
  FROM: from,
  ARG: arg,
  ENV: (input) => ({ ...input.place, keyword: 'ENV', pairs: pairsOf(input) }),
  LABEL: (input) => ({ ...input.place, keyword: 'LABEL', pairs: pairsOf(input) }),
  COPY: readCopy,
  ADD: readCopy,
  RUN: run,
  CMD: (input) => ({ ...input.place, keyword: 'CMD', command: commandOf(input) }),
  ENTRYPOINT: (input) => ({ ...input.place, keyword: 'ENTRYPOINT', command: commandOf(input) }),
  WORKDIR: ({ place, rest }) => ({ ...place, keyword: 'WORKDIR', path: rest }),
  USER: ({ place, rest }) => ({ ...place, keyword: 'USER', user: rest }),
  EXPOSE: ({ place, rest }) => ({ ...place, keyword: 'EXPOSE', ports: blanks(rest) }),
  VOLUME: volume,
  STOPSIGNAL: ({ place, rest }) => ({ ...place, keyword: 'STOPSIGNAL', signal: rest }),
  SHELL: shell,
  HEALTHCHECK: readHealthcheck,
  MAINTAINER: ({ place, rest }) => ({ ...place, keyword: 'MAINTAINER', author: rest }),
  ONBUILD: onbuild,
};

/** Reads one instruction. Throws FairleadError `dockerfile/…` at its line for what is wrong or not supported. */
export function readInstruction(
  source: SourceInstruction,
  escapeChar: Escape,
  file: string,
): Instruction | FromInstruction {
  const { line, endLine, text, word, keyword, heredocs, tail } = source;
  const position = { file, line };
  const reader = readerOf(word, keyword, position);
  const { flags: given, rest } = flags(source.rest);
  checkFlags(keyword, given, position);
  // An empty command is a script that does nothing.
  const mayBeEmpty = ['RUN', 'CMD', 'ENTRYPOINT'].includes(keyword);
  if (rest === '' && !mayBeEmpty) throw fault(position, 'missing-argument', `${keyword} needs an argument`);
  const place = { line, endLine, text };
  return reader({ place, keyword, flags: given, rest, heredocs, tail, escapeChar, position });
}

function readerOf(word: string, keyword: string, position: Position): Reader {
  const reader = Object.hasOwn(readers, keyword) ? readers[keyword] : undefined;
  if (reader !== undefined) return reader;
  const meant = didYouMean(word, Object.keys(readers));
  const remedy = meant === '' ? 'if it belongs to the line before, end that one with \\' : undefined;
  throw fault(position, 'unknown-instruction', `unknown instruction ${shown(word)}${meant}`, remedy);
}

function shown(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}…` : word;
}

function from({ place, rest, flags, position }: Input): FromInstruction {
  const [image = '', as, name, ...more] = blanks(rest);
  const isNamed = as?.toUpperCase() === 'AS' && name !== undefined && more.length === 0;
  if (as !== undefined && !isNamed) {
    const cause = `FROM has ${JSON.stringify(rest)}`;
    throw fault(position, 'bad-argument', cause, 'write FROM image, or FROM image AS name');
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

function arg({ place, rest, escapeChar, position }: Input): ArgInstruction {
  const args = words(rest, escapeChar).map((word) => {
    const equals = word.indexOf('=');
    if (equals !== 0) {
      return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
    }
    throw fault(
      position,
      'bad-argument',
      `ARG has ${JSON.stringify(word)} without a name`,
      'write name=value',
    );
  });
  return { ...place, keyword: 'ARG', args };
}

function pairsOf({ rest, escapeChar, keyword, position }: Input): [name: string, value: string][] {
  return pairs(rest, escapeChar, keyword, position);
}

function commandOf({ rest, position }: Input): Command {
  return command(rest, position);
}

function run({ place, rest, flags, heredocs, position }: Input): Instruction {
  const mounts = flagValues(flags, 'mount').map((text) => readMount(text, position));
  const network = flagChoice(flags, 'network', ['default', 'none', 'host'] as const, position);
  const security = flagChoice(flags, 'security', ['sandbox', 'insecure'] as const, position);
  const told = command(rest, position);
  return {
    ...place,
    keyword: 'RUN',
    command: told.form === 'shell' && heredocs.length > 0 ? { ...told, heredocs } : told,
    mounts,
    ...(network === undefined ? {} : { network }),
    ...(security === undefined ? {} : { security }),
  };
}

function volume({ place, rest, position }: Input): Instruction {
  const paths = (jsonForm(rest, position) ?? blanks(rest)).map((path) => path.trim());
  if (paths.length > 0 && paths.every((path) => path !== '')) return { ...place, keyword: 'VOLUME', paths };
  throw fault(position, 'bad-argument', 'VOLUME has an empty path', 'write VOLUME /path');
}

function shell({ place, rest, position }: Input): Instruction {
  const argv = jsonForm(rest, position);
  if (argv === undefined || argv.length === 0) {
    throw fault(position, 'bad-argument', 'SHELL needs the JSON form', 'write SHELL ["/bin/sh", "-c"]');
  }
  return { ...place, keyword: 'SHELL', argv };
}

const NO_TRIGGERS = ['ONBUILD', 'FROM', 'MAINTAINER'];

// What is triggered is read now as well, so that what is wrong is told to who wrote it and not to who builds on it.
function onbuild({ place, rest, heredocs, tail, escapeChar, position }: Input): Instruction {
  const [word, ofTrigger] = splitInstruction(rest);
  const keyword = word.toUpperCase();
  if (NO_TRIGGERS.includes(keyword)) {
    throw fault(position, 'bad-argument', `ONBUILD ${keyword} is not possible`, 'write another instruction');
  }
  const source = { ...place, word, keyword, rest: ofTrigger, heredocs, tail, emptyLines: [] };
  readInstruction(source, escapeChar, position.file);
  return { ...place, keyword: 'ONBUILD', trigger: rest + tail };
}
