import { RegistryError } from './errors.ts';
import { type Digest, isDigest } from './names.ts';

/** OCI content descriptor (image specification, "Descriptor"), as far as a registry looks at it. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  urls?: string[];
  artifactType?: string;
  annotations?: Record<string, string>;
}

/** What a registry has to know of a manifest. */
export interface Manifest {
  mediaType: string;
  /** Config and layers that have to be in the repository. */
  blobs: Descriptor[];
  /** Manifests of an index, which have to be in the repository too. */
  manifests: Descriptor[];
  /** What this manifest refers to; it need not exist. */
  subject?: Descriptor;
  artifactType?: string;
  annotations?: Record<string, string>;
}

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const IMAGES = new Set([OCI_MANIFEST, 'application/vnd.docker.distribution.manifest.v2+json']);
const INDEXES = new Set([OCI_INDEX, 'application/vnd.docker.distribution.manifest.list.v2+json']);

/**
 * Reads and checks a manifest of OCI or Docker schema 2.
 * @param contentType of the request; must agree with `mediaType` in the manifest where both are given
 * @throws RegistryError MANIFEST_INVALID
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  const json = parseObject(bytes);
  const mediaType = mediaTypeOf(json, contentType);
  if (json.schemaVersion !== 2)
    throw invalid(`schemaVersion is ${JSON.stringify(json.schemaVersion)}, not 2`);
  const common = {
    mediaType,
    ...(json.subject === undefined ? {} : { subject: descriptor(json.subject, 'subject') }),
    ...(isAnnotations(json.annotations) ? { annotations: json.annotations } : {}),
  };
  if (INDEXES.has(mediaType)) {
    const manifests = descriptors(json.manifests, 'manifests');
    return { ...common, ...artifactType(json.artifactType), blobs: [], manifests };
  }
  const config = descriptor(json.config, 'config');
  const layers = descriptors(json.layers, 'layers').filter(
    ({ urls }) => urls === undefined || urls.length === 0,
  );
  const type =
    json.artifactType === undefined || json.artifactType === '' ? config.mediaType : json.artifactType;
  return { ...common, ...artifactType(type), blobs: [config, ...layers], manifests: [] };
}

/** A manifest may leave its media type out (OCI only); its shape then tells it. */
function mediaTypeOf(json: Record<string, unknown>, contentType: string | undefined): string {
  const sent = contentType?.split(';')[0]?.trim().toLowerCase();
  const own = json.mediaType;
  if (own !== undefined && typeof own !== 'string') throw invalid('mediaType is not a string');
  const mediaType = own ?? (json.manifests === undefined ? OCI_MANIFEST : OCI_INDEX);
  if (!IMAGES.has(mediaType) && !INDEXES.has(mediaType)) {
    throw invalid(
      `media type ${JSON.stringify(mediaType)} is not an image manifest or index of OCI or Docker`,
    );
  }
  if (sent !== undefined && sent !== '' && sent !== mediaType) {
    throw invalid(`the Content-Type is ${sent}, but the manifest is ${mediaType}`);
  }
  return mediaType;
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('it is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('it is not an object');
  return json as Record<string, unknown>;
}

function descriptors(value: unknown, place: string): Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`${place} is not a list`);
  return value.map((item, index) => descriptor(item, `${place}[${index}]`));
}

function descriptor(value: unknown, place: string): Descriptor {
  if (typeof value !== 'object' || value === null) throw invalid(`${place} is not a descriptor`);
  const { mediaType, digest, size } = value as Record<string, unknown>;
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid(`${place}.mediaType is missing`);
  if (!isDigest(digest)) throw invalid(`${place}.digest is not a digest: ${JSON.stringify(digest)}`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw invalid(`${place}.size is not a size`);
  return value as Descriptor;
}

function artifactType(value: unknown): { artifactType?: string } {
  return typeof value === 'string' && value !== '' ? { artifactType: value } : {};
}

function isAnnotations(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((v) => typeof v === 'string')
  );
}

function invalid(why: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', `manifest invalid: ${why}`, { detail: { reason: why } });
}
