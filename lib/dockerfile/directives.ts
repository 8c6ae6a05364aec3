import { fault, type Position } from './faults.ts';
import type { Escape } from './types.ts';

/** What the comments at the head of a Dockerfile tell its reader: `# escape=`, `# check=`, `# syntax=`. */
export interface Directives {
  escape?: Escape;
  check?: string;
  syntax?: string;
}

const NAMES = ['escape', 'check', 'syntax'] as const;

/**
 * Reads a line of the head into `directives`, and answers whether the head goes on: it ends with the first line that
 * is no directive. Throws `dockerfile/bad-directive` for an unknown escape character, and for what is there twice.
 */
export function readDirective(line: string, directives: Directives, position: Position): boolean {
  const [, word = '', value = ''] = /^#\s*([a-z][a-z0-9]*)\s*=\s*(\S.*)$/i.exec(line) ?? [];
  const name = NAMES.find((known) => known === word.toLowerCase());
  if (name === undefined) return false;
  if (directives[name] !== undefined) {
    throw fault(position, 'bad-directive', `# ${name}= is there twice`, 'keep one of them');
  }
  const text = value.trimEnd();
  if (name !== 'escape') directives[name] = text;
  else if (text === '\\' || text === '`') directives.escape = text;
  else {
    const cause = `the escape character is ${JSON.stringify(text)}`;
    throw fault(position, 'bad-directive', cause, 'use \\ or `');
  }
  return true;
}
