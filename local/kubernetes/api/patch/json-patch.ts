import { sameJson } from '../../object.ts';
import { StatusError } from '../../status-error.ts';

export interface Operation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

/** Applies a JSON Patch (RFC 6902) to a copy. @throws StatusError 422 Invalid when an operation cannot be done */
export function jsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  return operations.reduce((root, operation) => perform(root, operation), structuredClone(document));
}

function perform(root: unknown, { op, path, from = '', value }: Operation): unknown {
  const target = pointer(path);
  switch (op) {
    case 'add':
      return add(root, target, value);
    case 'remove':
      return remove(root, target, path);
    case 'replace':
      read(root, target, path);
      return target.length === 0 ? value : set(root, target, value);
    case 'move': {
      const moved = read(root, pointer(from), from);
      return add(remove(root, pointer(from), from), target, moved);
    }
    case 'copy':
      return add(root, target, structuredClone(read(root, pointer(from), from)));
    case 'test':
      if (!sameJson(read(root, target, path), value)) throw failed(`testing value ${path} failed`);
      return root;
    default:
      throw failed(`unexpected kind: ${op}`);
  }
}

function pointer(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw failed(`JSON pointer does not start with a slash: ${path}`);
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(root: unknown, path: readonly string[], text: string): unknown {
  let value = root;
  for (const part of path) {
    const known = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    if (!known) throw failed(`doc is missing path: ${text}: missing value`);
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function add(root: unknown, path: readonly string[], value: unknown): unknown {
  const parent = path.slice(0, -1);
  const key = path.at(-1);
  if (key === undefined) return value;
  const container = read(root, parent, `/${parent.join('/')}`);
  if (!Array.isArray(container)) return set(root, path, value);
  const index = key === '-' ? container.length : Number(key);
  if (!(Number.isInteger(index) && index >= 0 && index <= container.length))
    throw failed(`index ${key} is out of bounds`);
  container.splice(index, 0, value);
  return root;
}

function set(root: unknown, path: readonly string[], value: unknown): unknown {
  const parent = read(root, path.slice(0, -1), `/${path.join('/')}`);
  if (typeof parent !== 'object' || parent === null) throw failed(`doc is missing path: /${path.join('/')}`);
  (parent as Record<string, unknown>)[path.at(-1) ?? ''] = value;
  return root;
}

function remove(root: unknown, path: readonly string[], text: string): unknown {
  read(root, path, text);
  const parent = read(root, path.slice(0, -1), text);
  const key = path.at(-1);
  if (key === undefined) return undefined;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete (parent as Record<string, unknown>)[key];
  return root;
}

function failed(cause: string): StatusError {
  return new StatusError(
    'Invalid',
    `the server rejected our request due to an error in our request: ${cause}`,
  );
}
