import { FairleadError } from '../errors.ts';
import { isDigest } from './digest.ts';
import type { Digest } from './types.ts';

/** Names an image in a registry. Where there is a digest, it decides, and the tag is for people. */
export interface Reference {
  /** `docker.io`, `localhost:5000`, `[::1]:5000`. */
  host: string;
  /** `library/golang`. */
  path: string;
  tag?: string;
  digest?: Digest;
}

// Grammar: github.com/distribution/reference, reference.go and regexp.go.
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const LONGEST_NAME = 255;

/**
 * Reads an image's name as docker does: `golang` is `docker.io/library/golang:latest`, `localhost:5000/a/b@sha256:…`
 * names a digest, `a/b:1@sha256:…` both. Throws FairleadError `image/bad-reference`.
 */
export function parseReference(text: string): Reference {
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0) throw bad(text, 'it has more than one @');
  if (digest !== undefined && !isDigest(digest)) {
    throw bad(text, 'after the @ there has to be sha256: and 64 digits of 0-9 and a-f');
  }
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) {
    throw bad(text, `the tag ${JSON.stringify(tag)} has to be up to 128 of a-z, A-Z, 0-9, _, . and -`);
  }
  const { host, path } = splitName(colon < 0 ? named : named.slice(0, colon), text);
  if (digest !== undefined) return { host, path, ...(tag !== undefined && { tag }), digest };
  return { host, path, tag: tag ?? 'latest' };
}

/** The full name, which `parseReference` reads back as the same reference. */
export function renderReference({ host, path, tag, digest }: Reference): string {
  return `${host}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The repository alone, as `host[:port]/path`. */
export function repositoryOf({ host, path }: Pick<Reference, 'host' | 'path'>): string {
  return `${host}/${path}`;
}

/** Reads `host[:port]/path`, where to publish or where a blob is. Throws `image/bad-reference`. */
export function parseRepository(text: string): { host: string; path: string } {
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  if (text.includes('@') || colon >= 0) throw bad(text, 'a repository has neither a tag nor a digest');
  return splitName(text, text);
}

function splitName(name: string, text: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const { host, path } = isHost(first)
    ? { host: first === 'index.docker.io' ? 'docker.io' : first, path: name.slice(slash + 1) }
    : { host: 'docker.io', path: name };
  if (!HOST.test(host)) throw bad(text, `${JSON.stringify(host)} is no host name`);
  if (path !== path.toLowerCase()) throw bad(text, 'the repository has to be in lower case');
  if (!PATH.test(path)) {
    throw bad(
      text,
      `${JSON.stringify(path)} is no repository: names of a-z, 0-9, ., _ and - between slashes`,
    );
  }
  if (host.length + 1 + path.length > LONGEST_NAME)
    throw bad(text, `it is longer than ${LONGEST_NAME} characters`);
  return { host, path: host === 'docker.io' && !path.includes('/') ? `library/${path}` : path };
}

function isHost(first: string): boolean {
  return first === 'localhost' || /[.:A-Z]/.test(first);
}

function bad(text: string, cause: string): FairleadError {
  return new FairleadError({
    code: 'image/bad-reference',
    operation: 'reading the name of an image',
    place: JSON.stringify(text),
    cause,
    remedy: 'write it like golang:1.22 or registry.example.com/team/app@sha256:…',
  });
}
