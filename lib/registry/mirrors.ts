import { parseRepository, type Reference } from '../image/reference.ts';

/**
 * Where to look first: from a registry's host (`docker.io`, or `*` for all) to the prefix of the repositories that
 * mirror it. With `{ '*': 'localhost:5000' }`, `golang:1.22` is first looked for as
 * `localhost:5000/docker.io/library/golang:1.22`.
 */
export type Mirrors = Readonly<Record<string, string>>;

/** The names to look for an image by, in order: its mirror, if it has one, and itself. */
export function candidates(reference: Reference, mirrors: Mirrors): Reference[] {
  const prefix = mirrors[reference.host] ?? mirrors['*'];
  if (prefix === undefined) return [reference];
  const [mirrorHost] = prefix.split('/');
  // What is on the mirror's own host is there already; a port cannot be written in a repository's path.
  if (mirrorHost === reference.host || !/^[a-z0-9.-]+$/.test(reference.host)) return [reference];
  const { host, path } = parseRepository(`${prefix.replace(/\/$/, '')}/${reference.host}/${reference.path}`);
  return [{ ...reference, host, path }, reference];
}
