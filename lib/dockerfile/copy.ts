import { fault, type Position } from './faults.ts';
import { flag, flagSwitch, flagValues } from './flags.ts';
import { heredocWord } from './heredoc.ts';
import type { Input } from './instructions.ts';
import { WordProblem } from './substitute.ts';
import type { CopyInstruction, Heredoc } from './types.ts';
import { blanks, jsonForm } from './words.ts';

/** Reads COPY and ADD (BuildKit, `parseCopy`, `parseAdd`). Throws FairleadError `dockerfile/…`. */
export function readCopy(input: Input): CopyInstruction {
  const { place, keyword, rest, flags, heredocs, position } = input;
  const array = jsonForm(rest, position);
  const paths = array ?? blanks(rest);
  const destination = paths.at(-1);
  if (paths.length < 2 || destination === undefined) {
    const remedy = rest.startsWith('[')
      ? `write ${keyword} ["source", "destination"], with double quotes`
      : `write ${keyword} source destination`;
    throw fault(position, 'missing-argument', `${keyword} needs a source and a destination`, remedy);
  }
  const told =
    array === undefined ? tellApart(paths, heredocs, keyword, position) : { sources: paths.slice(0, -1) };
  return {
    ...place,
    keyword: keyword as 'COPY' | 'ADD',
    ...told,
    destination,
    ...given({
      from: fromFlag(input),
      chown: flag(flags, 'chown'),
      chmod: chmodFlag(input),
      link: flagSwitch(flags, 'link'),
      parents: flagSwitch(flags, 'parents'),
      exclude: listed(flagValues(flags, 'exclude')),
      checksum: flag(flags, 'checksum'),
      keepGitDir: flagSwitch(flags, 'keep-git-dir'),
      unpack: flagSwitch(flags, 'unpack'),
    }),
  };
}

function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function listed(values: string[]): string[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** Paths, and files whose text stands in the Dockerfile. */
function tellApart(
  paths: string[],
  heredocs: Heredoc[],
  keyword: string,
  position: Position,
): Pick<CopyInstruction, 'sources' | 'inlines'> {
  const last = paths.length - 1;
  const sources: string[] = [];
  const inlines: Heredoc[] = [];
  for (const [index, path] of paths.entries()) {
    const name = inlineName(path);
    const inline = heredocs.find((heredoc) => heredoc.name === name);
    if (name !== undefined && index === last) {
      const cause = `the destination of ${keyword} is the here-document ${path}`;
      throw fault(position, 'bad-argument', cause, 'write a path behind it');
    }
    if (inline !== undefined) inlines.push(inline);
    else if (index < last) sources.push(path);
  }
  return { sources, ...(inlines.length === 0 ? {} : { inlines }) };
}

function inlineName(path: string): string | undefined {
  try {
    return heredocWord(path)?.name;
  } catch (error) {
    if (error instanceof WordProblem) return undefined;
    throw error;
  }
}

function fromFlag({ keyword, flags, position }: Input): string | undefined {
  const from = flag(flags, 'from');
  if (!from?.includes('$')) return from;
  const remedy = `add FROM ${from} AS name, and write ${keyword} --from=name`;
  throw fault(position, 'bad-flag', `--from=${from}: --from does not take variables`, remedy);
}

const OCTAL = /^[0-7]+$/;
const SYMBOLIC = /^[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+(?:,[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+)*$/;
const MOST = 0o7777;

function chmodFlag({ flags, position }: Input): string | undefined {
  const mode = flag(flags, 'chmod');
  if (mode === undefined || mode.includes('$')) return mode;
  const isMode = OCTAL.test(mode) ? Number.parseInt(mode, 8) <= MOST : SYMBOLIC.test(mode);
  if (isMode) return mode;
  throw fault(position, 'bad-flag', `--chmod is ${mode}`, 'write it in octal, 755, or as u=rwX,go=rX');
}
