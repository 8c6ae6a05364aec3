import { type Document, LineCounter, parseAllDocuments, type Tags } from 'yaml';
import { messageOf } from '../errors.ts';
import { fault } from './fault.ts';

/** One document of a YAML file. */
export interface YamlDocument {
  value: unknown;
  /** Where it begins: `k8s/web.yaml:12`. */
  place: string;
}

/** Aliases that are resolved in one document, counted as often as what they name is repeated. */
const MOST_ALIASES = 200;

/** Tags of YAML 1.1 that kubectl's parser does not have: `22:22` and `2026-01-01` are text. */
const UNKNOWN_TO_KUBECTL = ['timestamp', 'binary', 'omap', 'pairs', 'set'];

/**
 * Reads a file as kubectl does, which is YAML 1.1 with its octal modes (0644) and its `yes` and `on`; empty documents
 * are left out.
 * @throws FairleadError `manifests/bad-yaml`
 */
export function parseDocuments(text: string, file: string): YamlDocument[] {
  const counter = new LineCounter();
  const documents = parse(text, file, counter);
  return documents.flatMap((document) => {
    const [trouble] = [...document.errors, ...document.warnings];
    if (trouble !== undefined) {
      const { line, col } = counter.linePos(trouble.pos[0]);
      throw fault('bad-yaml', `${file}:${line}:${col}`, firstLine(trouble.message));
    }
    const { contents } = document;
    if (contents === null) return [];
    const { line } = counter.linePos(contents.range?.[0] ?? 0);
    const place = sourceOf(document) ?? `${file}:${Math.max(line, 1)}`;
    const value = heldBy(document, place);
    return value === null ? [] : [{ value, place }];
  });
}

function parse(text: string, file: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    const parsed = parseAllDocuments(text, { version: '1.1', customTags, lineCounter, prettyErrors: true });
    return Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // Ten thousand brackets in one another: the parser's own stack is the limit.
    throw fault('bad-yaml', file, `it cannot be read: ${firstLine(messageOf(error))}`);
  }
}

function customTags(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      ((tag as { format?: string }).format !== 'TIME' &&
        !UNKNOWN_TO_KUBECTL.some((name) => tag.tag === `tag:yaml.org,2002:${name}`)),
  );
}

function heldBy(document: Document, place: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw fault('bad-yaml', place, firstLine(messageOf(error)), 'write out what the aliases stand for');
  }
}

/** Helm says in a comment which template a document is from. */
function sourceOf({ commentBefore, contents }: Document): string | undefined {
  const comment = `${commentBefore ?? ''}\n${contents?.commentBefore ?? ''}`;
  return /^ Source: (\S+)$/m.exec(comment)?.[1];
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/:?$/, '').replace(/ at line \d+, column \d+$/, '');
}
