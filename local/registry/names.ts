import { RegistryError } from './errors.ts';

/** `sha256:<64 hex>` or `sha512:<128 hex>`: the registered algorithms of the OCI image specification. */
export type Digest = `${'sha256' | 'sha512'}:${string}`;

/** What a manifest is asked for by. */
export type Reference = { by: 'tag'; tag: string } | { by: 'digest'; digest: Digest };

const NAME_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const LONGEST_NAME = 255;

/** Whether `text` is a repository name (distribution specification, "Pulling manifests"). */
export function isRepositoryName(text: string): boolean {
  return text.length <= LONGEST_NAME && text.split('/').every((component) => NAME_COMPONENT.test(component));
}

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

/** @throws RegistryError NAME_INVALID */
export function repositoryName(text: string): string {
  if (isRepositoryName(text)) return text;
  throw new RegistryError('NAME_INVALID', `invalid repository name: ${JSON.stringify(text)}`, {
    detail: { name: text },
  });
}

/** @throws RegistryError DIGEST_INVALID */
export function digestOf(text: string | null): Digest {
  if (isDigest(text)) return text;
  throw new RegistryError('DIGEST_INVALID', `invalid digest: ${JSON.stringify(text)}`, {
    detail: { digest: text },
  });
}

/** @throws RegistryError DIGEST_INVALID, MANIFEST_INVALID (the specification has no code for a bad tag) */
export function referenceOf(text: string): Reference {
  if (text.includes(':')) return { by: 'digest', digest: digestOf(text) };
  if (TAG.test(text)) return { by: 'tag', tag: text };
  throw new RegistryError('MANIFEST_INVALID', `invalid tag: ${JSON.stringify(text)}`, {
    detail: { tag: text },
  });
}

/** The algorithm and the hexadecimal part of a digest. */
export function partsOf(digest: Digest): { algorithm: string; hex: string } {
  const [algorithm = '', hex = ''] = digest.split(':');
  return { algorithm, hex };
}
