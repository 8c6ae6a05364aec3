import { cutPrefix, cutSuffix, replaceMatches } from './pattern.ts';
import { WordProblem } from './word-problem.ts';

export { WordProblem } from './word-problem.ts';

/** Answers the value of a variable, nothing when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** What stands after the name in `${name…}`. */
export type Substitution =
  | { kind: '-' | '+' | '?'; emptyIsUnset: boolean; word: string }
  | { kind: '#' | '%'; longest: boolean; pattern: string }
  | { kind: '/'; all: boolean; pattern: string; replacement: string };

export function badSubstitution(operator?: string): WordProblem {
  if (operator === undefined) return new WordProblem('it has a ${ that names no variable');
  return new WordProblem(`\${…${operator}…} is no expansion that Dockerfiles know`);
}

/** The value of `${name…}`. Throws WordProblem when it is required and not there, or its pattern is wrong. */
export function substitute(name: string, value: string | undefined, substitution: Substitution): string {
  switch (substitution.kind) {
    case '#':
      return cutPrefix(value ?? '', substitution.pattern, substitution.longest);
    case '%':
      return cutSuffix(value ?? '', substitution.pattern, substitution.longest);
    case '/':
      return replaceMatches(value ?? '', substitution);
    default: {
      const { kind, emptyIsUnset, word } = substitution;
      const isSet = value !== undefined && !(emptyIsUnset && value === '');
      if (kind === '+') return isSet ? word : '';
      if (isSet) return value;
      if (kind === '-') return word;
      const state = value === undefined ? 'set' : 'filled';
      throw new WordProblem(`${name} is not ${state}: ${word || 'it is required here'}`, true);
    }
  }
}
