import { fault, type Position } from './faults.ts';

/**
 * Splits `type=bind,"target=/a,b",ro` as one line of comma-separated values (Go, `encoding/csv`): a field in double
 * quotes may hold commas, and a quote in it is written twice. Throws `dockerfile/bad-flag`.
 */
export function fieldsOf(text: string, position: Position): [key: string, value: string | undefined][] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const [field, end] = text[at] === '"' ? quoted(text, at, position) : plain(text, at, position);
    fields.push(field);
    if (end >= text.length) break;
    at = end + 1;
  }
  return fields.map((field) => {
    const equals = field.indexOf('=');
    if (field === '' || equals === 0) throw bad(text, `${JSON.stringify(field)} has no key`, position);
    return equals < 0 ? [field, undefined] : [field.slice(0, equals), field.slice(equals + 1)];
  });
}

function plain(text: string, start: number, position: Position): [field: string, end: number] {
  const comma = text.indexOf(',', start);
  const end = comma < 0 ? text.length : comma;
  const field = text.slice(start, end);
  if (field.includes('"')) throw bad(text, 'a quote stands inside of a field', position);
  return [field, end];
}

function quoted(text: string, start: number, position: Position): [field: string, end: number] {
  let field = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char !== '"') field += char;
    else if (text[at + 1] === '"') field += text[++at];
    else if (at + 1 === text.length || text[at + 1] === ',') return [field, at + 1];
    else throw bad(text, 'something follows a closing quote', position);
  }
  throw bad(text, 'a quote is not closed', position);
}

function bad(text: string, cause: string, position: Position): Error {
  return fault(position, 'bad-flag', `--mount=${text}: ${cause}`, 'write key=value,key=value');
}
