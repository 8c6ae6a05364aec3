import { RegistryError } from './errors.ts';
import { type Digest, digestOf, type Reference, referenceOf, repositoryName } from './names.ts';

/** The resource that a path names (distribution specification, "Endpoints"). */
export type Route =
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'tags'; repository: string }
  | { kind: 'referrers'; repository: string; subject: Digest }
  | { kind: 'manifest'; repository: string; reference: Reference }
  | { kind: 'blob'; repository: string; digest: Digest }
  | { kind: 'uploads'; repository: string }
  | { kind: 'upload'; repository: string; session: string };

/** A repository name may itself hold `blobs` or `manifests`: the greedy name makes the last such word count. */
const PATHS: [RegExp, (repository: string, last: string) => Route][] = [
  [/^\/v2\/(.+)\/tags\/list$/, (repository) => ({ kind: 'tags', repository })],
  [/^\/v2\/(.+)\/blobs\/uploads\/?$/, (repository) => ({ kind: 'uploads', repository })],
  [
    /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    (repository, session) => ({ kind: 'upload', repository, session }),
  ],
  [
    /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    (repository, text) => ({ kind: 'blob', repository, digest: digestOf(text) }),
  ],
  [
    /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    (repository, text) => ({ kind: 'manifest', repository, reference: referenceOf(text) }),
  ],
  [
    /^\/v2\/(.+)\/referrers\/([^/]+)$/,
    (repository, text) => ({ kind: 'referrers', repository, subject: digestOf(text) }),
  ],
];

/**
 * The route of a request path, percent-encoding included.
 * @throws RegistryError NAME_INVALID, DIGEST_INVALID, MANIFEST_INVALID; NAME_UNKNOWN where no route matches
 */
export function routeOf(pathname: string): Route {
  const path = decoded(pathname);
  if (path === '/v2' || path === '/v2/') return { kind: 'base' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  for (const [pattern, route] of PATHS) {
    const match = pattern.exec(path);
    if (match !== null) return route(repositoryName(match[1] ?? ''), match[2] ?? '');
  }
  throw new RegistryError('NAME_UNKNOWN', `nothing is served at ${path}`);
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new RegistryError('NAME_INVALID', `malformed percent-encoding in ${pathname}`);
  }
}
