import { RegistryError } from './errors.ts';
import { answer, answerBytes, answerJson, bodyOf, type Exchange, page } from './exchange.ts';
import { OCI_INDEX } from './manifest.ts';
import { inTagOrder, type Manifests } from './manifests.ts';
import type { Digest, Reference } from './names.ts';

/** Bytes; the size that the specification says a registry should at least take. */
const LARGEST_MANIFEST = 4 * 1024 * 1024;

/** HEAD, GET, PUT and DELETE of a manifest. */
export async function answerManifest(
  exchange: Exchange,
  manifests: Manifests,
  repository: string,
  reference: Reference,
): Promise<void> {
  const { method, headers } = exchange.request;
  if (method === 'DELETE') {
    await manifests.remove(repository, reference);
    return answer(exchange, 202);
  }
  if (method === 'PUT') {
    const bytes = await body(exchange);
    const { digest, subject } = await manifests.put(repository, reference, bytes, headers['content-type']);
    return answer(exchange, 201, {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(subject === undefined ? {} : { 'oci-subject': subject.digest }),
    });
  }
  const { bytes, mediaType, digest } = await manifests.get(repository, reference);
  answerBytes(exchange, 200, bytes, {
    'content-type': mediaType,
    'docker-content-digest': digest,
    etag: `"${digest}"`,
  });
}

/** The tags of a repository, a page at a time. */
export async function answerTags(
  exchange: Exchange,
  manifests: Manifests,
  repository: string,
): Promise<void> {
  const all = await manifests.tags(repository);
  if (all.length === 0 && !(await manifests.holds(repository))) {
    throw new RegistryError('NAME_UNKNOWN', `no repository ${repository}`, { detail: { name: repository } });
  }
  const { names, headers } = page(exchange, all, inTagOrder);
  answerJson(exchange, 200, { name: repository, tags: names }, headers);
}

/** The referrers of a manifest as an index. Nothing known of the subject is an empty index, never a 404. */
export async function answerReferrers(
  exchange: Exchange,
  manifests: Manifests,
  repository: string,
  subject: Digest,
): Promise<void> {
  const wanted = exchange.query.get('artifactType');
  const all = await manifests.referrers(repository, subject);
  const shown = wanted === null ? all : all.filter(({ artifactType }) => artifactType === wanted);
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: shown };
  answerJson(exchange, 200, index, {
    'content-type': OCI_INDEX,
    ...(wanted === null ? {} : { 'oci-filters-applied': 'artifactType' }),
  });
}

async function body(exchange: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyOf(exchange)) {
    size += chunk.length;
    if (size > LARGEST_MANIFEST) {
      throw new RegistryError('SIZE_INVALID', `the manifest is larger than ${LARGEST_MANIFEST} bytes`, {
        status: 413,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
