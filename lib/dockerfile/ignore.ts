import { posix } from 'node:path';
import { fault } from './faults.ts';
import { compilePattern, type PathTest, PatternProblem } from './ignore-pattern.ts';

/** Tells which paths of a build context are left out; paths are relative, with `/` between names. */
export interface IgnoreRules {
  /** Whether the file or directory itself is left out. What is in a left-out directory may be let in by a `!` rule. */
  ignores(path: string): boolean;
  /** Whether something in a left-out directory may be let in, so that it has to be searched. */
  hasExceptions: boolean;
}

interface Rule {
  isException: boolean;
  test: PathTest;
}

/**
 * The rules of a .dockerignore (Dockerfile reference, ".dockerignore file"; moby/patternmatcher, `ignorefile.ReadAll`
 * and `MatchesUsingParentResults`). The last rule that matches a path, or that matched a directory above it, counts.
 * Throws FairleadError `dockerfile/bad-ignore` at the line of a pattern that is none.
 */
export function parseIgnore(text: string, name = '.dockerignore'): IgnoreRules {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index) => readRule(line, { file: name, line: index + 1 }) ?? []);
  const known = new Map<string, Verdict>();
  return {
    hasExceptions: rules.some(({ isException }) => isException),
    ignores: (path) => verdictOf(path, rules, known).isOut,
  };
}

function readRule(line: string, position: { file: string; line: number }): Rule | undefined {
  if (line.startsWith('#')) return undefined;
  const trimmed = line.trim();
  const isException = trimmed.startsWith('!');
  const written = isException ? trimmed.slice(1).trim() : trimmed;
  if (trimmed === '') return undefined;
  try {
    const pattern = clean(written);
    if (isException && (written === '' || pattern === '/')) throw new PatternProblem('"!" stands alone');
    return { isException, test: compilePattern(pattern) };
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error;
    throw fault(position, 'bad-ignore', error.message, 'write a path; \\ escapes * ? and [');
  }
}

function clean(pattern: string): string {
  const normal = posix.normalize(pattern).replace(/(?<=.)\/$/, '');
  return normal.length > 1 && normal.startsWith('/') ? normal.slice(1) : normal;
}

/** Whether a path is left out, and which rules matched it or a directory above it. */
interface Verdict {
  isOut: boolean;
  matched: readonly boolean[];
}

function verdictOf(path: string, rules: readonly Rule[], known: Map<string, Verdict>): Verdict {
  const slash = path.lastIndexOf('/');
  const above = slash < 0 ? undefined : verdictOfDirectory(path.slice(0, slash), rules, known);
  const chars = [...path];
  let isOut = false;
  const matched = rules.map(({ isException, test }, index) => {
    const wasMatched = above?.matched[index] === true;
    // A rule that would change nothing is not asked, and so does not count for what is below either.
    const isMatch = wasMatched || (isException === isOut && test(path, chars));
    if (isMatch) isOut = !isException;
    return isMatch;
  });
  return { isOut, matched };
}

function verdictOfDirectory(path: string, rules: readonly Rule[], known: Map<string, Verdict>): Verdict {
  const verdict = known.get(path) ?? verdictOf(path, rules, known);
  known.set(path, verdict);
  return verdict;
}

/** Where the rules for `dockerfile` are looked for, in this order: its own, then the context's. */
export function ignoreFiles(dockerfile: string): string[] {
  return [`${dockerfile}.dockerignore`, '.dockerignore'];
}
