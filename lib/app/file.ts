import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { FairleadError } from '../errors.ts';
import { allowedAt, keysAt } from './schema/tell.ts';
import { type AppFile, appFileSchema } from './schema.ts';
import { nearest } from './suggest.ts';

/** The app's own settings, at the top of its repository. */
const NAME = 'fairlead.yaml';

const SECOND = 'a second document begins here, and the file has one: take this line out';

interface Position {
  /** From 1. */
  line: number;
  column: number;
}

interface Mistake extends Position {
  message: string;
}

/**
 * Reads the text of a `fairlead.yaml`. An empty one says nothing, which is fine.
 * @throws FairleadError `app/bad-file` that names every mistake with its line and column, and what may stand there
 */
export function parseAppFile(text: string): AppFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const syntax = document.errors.map(({ code, message, pos }) => {
    const { line, col } = counter.linePos(pos[0]);
    const said = (message.split('\n')[0] ?? '').replace(/ at line .*$/, '');
    return { line, column: col, message: code === 'MULTIPLE_DOCS' ? SECOND : said };
  });
  if (syntax.length > 0) throw badFile(syntax);
  if (document.contents === null) return {};
  keepAsWritten(document);
  const result = appFileSchema.safeParse(contentOf(document, counter));
  if (result.success) return result.data;
  throw badFile(meant(result.error.issues).flatMap((issue) => mistakes(issue, document, counter)));
}

/** The document's value; a reference to nothing, or one that multiplies without end, is a mistake of its own. */
function contentOf(document: Document, counter: LineCounter): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    let offset = 0;
    visit(document, {
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return undefined;
        offset = alias.range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    const { line, col } = counter.linePos(offset);
    throw badFile([{ line: Math.max(line, 1), column: Math.max(col, 1), message: error.message }]);
  }
}

// YAML reads `1.10` and `on` as something else than text; an environment variable is the text that stands there. So is a
// number among a chart's values that would not be written like that: `1.10` is a tag. Helm's own --set does the same.
function keepAsWritten(document: Document): void {
  visit(document, {
    Pair(_, { key, value: map }, above) {
      if (!isScalar(key) || !isMap(map)) return;
      const isEnv = key.value === 'env';
      if (!isEnv && !(key.value === 'set' && keysOf(above).includes('helm'))) return;
      for (const { value } of map.items) {
        if (!isScalar(value) || value.value === null || value.source === undefined) continue;
        const isOther = typeof value.value === 'number' && String(value.value) !== value.source;
        if (isEnv || isOther) value.value = value.source;
      }
    },
  });
}

function keysOf(above: readonly unknown[]): unknown[] {
  return above.flatMap((node) => (isPair(node) && isScalar(node.key) ? [node.key.value] : []));
}

interface Issue {
  code: string;
  path: readonly PropertyKey[];
  keys?: readonly string[];
  /** What is wrong by each of the forms that a field may have. */
  errors?: readonly (readonly Issue[])[];
}

/** Where a field may be this or that, what is wrong with the one that was meant: the one that is wrong further inside. */
function meant(issues: readonly Issue[], above: readonly PropertyKey[] = []): Issue[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    const forms = (issue.code === 'invalid_union' ? issue.errors : undefined) ?? [];
    const inside = forms
      .map((form) => meant(form, path))
      .filter((form) => form.every((one) => isInside(one, path)));
    return inside.length === 1 && inside[0] !== undefined ? inside[0] : [{ ...issue, path }];
  });
}

function isInside({ code, path }: Issue, of: readonly PropertyKey[]): boolean {
  return path.length > of.length || code === 'unrecognized_keys';
}

function mistakes(issue: Issue, document: Document, counter: LineCounter): Mistake[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({
      ...position([...path, key], 'key', document, counter),
      message: unknownKey(key, path),
    }));
  const where = position(path, issue.code === 'invalid_key' ? 'key' : 'value', document, counter);
  const what = path.length === 0 ? 'the file' : path.join('.');
  return [
    {
      ...where,
      message: `${what} has to be ${allowedAt(appFileSchema, issue.code === 'invalid_key' ? path.slice(0, -1) : path)}`,
    },
  ];
}

function unknownKey(key: string, path: string[]): string {
  const known = keysAt(appFileSchema, path);
  const meant = nearest(key, known);
  const hint = meant === undefined ? `allowed are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `unknown key ${[...path, key].join('.')}; ${hint}`;
}

function position(path: string[], of: 'key' | 'value', document: Document, counter: LineCounter): Position {
  const parent = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => String(isScalar(key) ? key.value : key) === path.at(-1))
    : undefined;
  const node = (of === 'key' ? pair?.key : undefined) ?? document.getIn(path, true) ?? pair?.key;
  // What is missing is missing where it would be.
  if (node === undefined && path.length > 1) return position(path.slice(0, -1), 'key', document, counter);
  const offset = isNode(node) ? node.range?.[0] : undefined;
  const { line, col } = counter.linePos(offset ?? 0);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function badFile(found: Mistake[]): FairleadError {
  const [first, ...others] = found.sort((a, b) => a.line - b.line || a.column - b.column);
  const rest = others
    .filter(({ message }, index) => message !== (others[index - 1] ?? first)?.message)
    .map(({ line, column, message }) => `; ${NAME}:${line}:${column}: ${message}`);
  return new FairleadError({
    code: 'app/bad-file',
    operation: `reading ${NAME}`,
    place: `${NAME}:${first?.line}:${first?.column}`,
    cause: `${first?.message}${rest.join('')}`,
  });
}
