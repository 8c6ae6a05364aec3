import ast from 'dockerfile-ast';
import { fault } from './faults.ts';
import type { Escape, Place } from './types.ts';

/** One instruction as it stands in the file: its keyword as written, and what follows it, continuation lines joined. */
export interface SourceInstruction extends Place {
  word: string;
  keyword: string;
  rest: string;
}

export interface SourceFile {
  name: string;
  escapeChar: Escape;
  lines: string[];
  instructions: SourceInstruction[];
}

/**
 * Finds the instructions of a Dockerfile with dockerfile-ast, which knows where each begins and ends. Their lines
 * are joined here, because the reference drops comment lines and empty lines inside of an instruction.
 */
export function readSource(text: string, name: string): SourceFile {
  const unmarked = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const parsed = ast.DockerfileParser.parse(unmarked);
  const lines = unmarked.split(/\r?\n/);
  const escapeChar = escapeOf(parsed, name);
  const instructions = parsed.getInstructions().map((instruction) => {
    const { start, end } = instruction.getRange();
    const joined = join(lines.slice(start.line, end.line + 1), escapeChar);
    const [word = '', rest = ''] = halves(joined);
    const place = { line: start.line + 1, endLine: end.line + 1, text: joined };
    return { ...place, word, keyword: word.toUpperCase(), rest };
  });
  return { name, escapeChar, lines, instructions };
}

function escapeOf(parsed: ast.Dockerfile, name: string): Escape {
  for (const directive of parsed.getDirectives()) {
    const value = directive.getValue();
    if (directive.getName().toLowerCase() !== 'escape' || value === '\\' || value === '`') continue;
    const position = { file: name, line: directive.getRange().start.line + 1 };
    throw fault(position, 'bad-directive', `the escape character is ${JSON.stringify(value)}`, 'use \\ or `');
  }
  return parsed.getEscapeCharacter() === '`' ? '`' : '\\';
}

function join(lines: string[], escapeChar: Escape): string {
  const continues = escapeChar === '\\' ? /\\[ \t]*$/ : /`[ \t]*$/;
  let joined = '';
  lines.forEach((line, index) => {
    const isComment = index > 0 && /^\s*#/.test(line);
    const isEmpty = index > 0 && line.trim() === '';
    if (isComment || isEmpty) return;
    joined += (index === 0 ? line.trimStart() : line).replace(continues, '');
  });
  return joined.trim();
}

function halves(text: string): [string, string] {
  const space = text.search(/\s/);
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space).trim()];
}
