import { expand, expandText } from '../expand.ts';
import type { Dockerfile, Instruction, RunMount } from '../types.ts';

/** The variables that words name, each once, in the order of their appearance. */
export function namesIn(
  words: readonly string[],
  { name: file, escapeChar }: Pick<Dockerfile, 'name' | 'escapeChar'>,
  line: number,
): string[] {
  return collect((seen) => {
    for (const word of words) expand(word, seen, escapeChar, { file, line });
  });
}

/** The variables that an instruction's own expansion looks up; those of commands are the shell's. */
export function namesOf(instruction: Instruction, dockerfile: Dockerfile): string[] {
  const { line } = instruction;
  const texts = 'inlines' in instruction ? (instruction.inlines ?? []) : [];
  const inTexts = collect((seen) => {
    for (const { content, expands } of texts)
      if (expands) expandText(content, seen, { file: dockerfile.name, line });
  });
  return [...new Set([...namesIn(wordsOf(instruction), dockerfile, line), ...inTexts])];
}

// What is wrong with an expansion is told when it is carried out.
function collect(read: (lookup: (name: string) => string) => void): string[] {
  const names = new Set<string>();
  try {
    read((name) => {
      if (/^[\p{L}_]/u.test(name)) names.add(name);
      return '1';
    });
  } catch {
    return [...names];
  }
  return [...names];
}

/** The words of an instruction that the builder expands (Dockerfile reference, "Environment replacement"). */
function wordsOf(instruction: Instruction): string[] {
  switch (instruction.keyword) {
    case 'ENV':
    case 'LABEL':
      return instruction.pairs.flat();
    case 'COPY':
    case 'ADD': {
      const { sources, destination, chown = '', chmod = '', checksum = '' } = instruction;
      return [...sources, destination, chown, chmod, checksum];
    }
    case 'RUN':
      return instruction.mounts.flatMap(wordsOfMount);
    case 'WORKDIR':
      return [instruction.path];
    case 'USER':
      return [instruction.user];
    case 'EXPOSE':
      return instruction.ports;
    case 'VOLUME':
      return instruction.paths;
    case 'STOPSIGNAL':
      return [instruction.signal];
    default:
      return [];
  }
}

function wordsOfMount(mount: RunMount): string[] {
  return Object.values(mount).filter((value) => typeof value === 'string');
}
