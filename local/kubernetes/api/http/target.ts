import { type Kind, resource } from '../kinds.ts';

/** What a URL addresses: a kind, and within it a namespace, an object, a part of the object. */
export interface Target {
  kind: Kind;
  namespace?: string;
  name?: string;
  subresource?: string;
}

/** A request's verb, as RBAC rules name it. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/**
 * Reads a path below `/api/v1` or `/apis/GROUP/VERSION`. Source: Kubernetes "API concepts", resource URIs.
 * @returns undefined for a path that names no known resource
 */
export function targetOf(path: string): Target | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root] = parts;
  if (root === 'api') return inVersion('', parts[1] ?? '', parts.slice(2));
  return root === 'apis' ? inVersion(parts[1] ?? '', parts[2] ?? '', parts.slice(3)) : undefined;
}

function inVersion(group: string, version: string, parts: readonly string[]): Target | undefined {
  const [first, second, third] = parts;
  // `/namespaces/x/pods` is in a namespace; `/namespaces/x/status` is about it.
  const isNamespaced =
    first === 'namespaces' && third !== undefined && resource(group, version, third) !== undefined;
  const [plural = '', name, subresource, ...rest] = isNamespaced ? parts.slice(2) : parts;
  const kind = resource(group, version, plural);
  if (!kind || rest.length > 0 || kind.namespaced !== isNamespaced) {
    // Namespaced kinds are also listed over all namespaces.
    if (!kind?.namespaced || name !== undefined) return undefined;
    return { kind };
  }
  return {
    kind,
    ...(isNamespaced && { namespace: second ?? '' }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
}

/** The verb of a request; undefined for a method that resources do not have. */
export function verbOf(method: string, { name }: Target, query: URLSearchParams): Verb | undefined {
  const isOne = name !== undefined;
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(query.get('watch'))) return 'watch';
      return isOne ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isOne ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

/** Whether a query parameter is set, as Go's strconv.ParseBool reads it. */
export function isTrue(text: string | null): boolean {
  return text !== null && ['', '1', 't', 'true', 'True', 'TRUE'].includes(text);
}
