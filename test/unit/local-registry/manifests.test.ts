import { beforeAll, describe, expect, test } from 'vitest';
import { digestOf, faultOf, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, registryForTests } from './registry.ts';

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

describe('manifests', () => {
  const { call, blob, put, restart } = registryForTests();
  let image: Record<string, unknown>;

  beforeAll(async () => {
    const config = await blob('app', '{}', OCI_CONFIG);
    const layers = [await blob('app', 'layer', LAYER)];
    image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  });

  const variant = (n: number) => ({ ...image, annotations: { n: String(n) } });
  const get = (reference: string, method = 'GET') => call(method, `/v2/app/manifests/${reference}`);

  test('by tag and by digest, byte for byte', async () => {
    const text = `${JSON.stringify(image, null, 3)}\n`;
    const response = await put('app', 'v1', text);
    expect(response.status).toBe(201);
    const digest = digestOf(text);
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    expect(response.headers.get('location')).toBe(`/v2/app/manifests/${digest}`);
    for (const reference of ['v1', digest]) {
      const got = await get(reference);
      expect(got.headers.get('content-type')).toBe(OCI_MANIFEST);
      expect(got.headers.get('docker-content-digest')).toBe(digest);
      expect(await got.text()).toBe(text);
      const head = await get(reference, 'HEAD');
      expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    }
  });

  test('a tag moves, and the older manifest stays', async () => {
    await put('app', 'moving', variant(1));
    await put('app', 'moving', variant(2));
    expect(await (await get('moving')).json()).toEqual(variant(2));
    expect(await (await get(digestOf(JSON.stringify(variant(1))))).json()).toEqual(variant(1));
  });

  test('Docker types, and OCI without a type of its own', async () => {
    const docker = { ...image, mediaType: DOCKER_MANIFEST };
    expect((await put('app', 'docker', docker, DOCKER_MANIFEST)).status).toBe(201);
    expect((await get('docker')).headers.get('content-type')).toBe(DOCKER_MANIFEST);
    const { mediaType: _, ...untyped } = image;
    expect((await put('app', 'untyped', untyped)).status).toBe(201);
    expect((await get('untyped')).headers.get('content-type')).toBe(OCI_MANIFEST);
  });

  test('an index of what is there', async () => {
    const text = JSON.stringify(variant(3));
    await put('app', digestOf(text), text);
    const entry = { mediaType: OCI_MANIFEST, digest: digestOf(text), size: text.length };
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] };
    expect((await put('app', 'multi', index, OCI_INDEX)).status).toBe(201);
    expect((await get('multi')).headers.get('content-type')).toBe(OCI_INDEX);
    const absent = { ...index, manifests: [{ ...entry, digest: digestOf('absent') }] };
    expect(await faultOf(await put('app', 'multi', absent, OCI_INDEX))).toBe('400 MANIFEST_BLOB_UNKNOWN');
  });

  test('what it refers to has to be there, in this repository', async () => {
    const layers = [{ mediaType: LAYER, digest: digestOf('missing'), size: 7 }];
    const response = await put('app', 'bad', { ...image, layers });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest: digestOf('missing') } }],
    });
    expect(await faultOf(await put('other', 'bad', image))).toBe('400 MANIFEST_BLOB_UNKNOWN');
    const foreign = [{ ...layers[0], urls: ['https://example.com/layer'] }];
    expect((await put('app', 'foreign', { ...image, layers: foreign })).status).toBe(201);
  });

  test.each([
    ['no JSON', '{', OCI_MANIFEST],
    ['a list', '[]', OCI_MANIFEST],
    ['schema 1', { schemaVersion: 1 }, OCI_MANIFEST],
    ['an unknown type', { schemaVersion: 2, mediaType: 'text/plain' }, 'text/plain'],
    ['another type than announced', { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, OCI_MANIFEST],
    ['no config', { schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }, OCI_MANIFEST],
    [
      'a bad digest',
      { schemaVersion: 2, manifests: [{ mediaType: 'x', digest: 'sha256:z', size: 1 }] },
      OCI_INDEX,
    ],
  ])('%s is refused', async (_what, manifest, type) => {
    expect(await faultOf(await put('app', 'bad', manifest, type))).toBe('400 MANIFEST_INVALID');
    expect((await get('bad')).status).toBe(404);
  });

  test('a size that is not the blob’s is refused', async () => {
    const layers = [{ mediaType: LAYER, digest: digestOf('layer'), size: 6 }];
    expect(await faultOf(await put('app', 'bad', { ...image, layers }))).toBe('400 MANIFEST_INVALID');
  });

  test('a digest that is not the manifest’s is refused', async () => {
    expect(await faultOf(await put('app', digestOf('other'), image))).toBe('400 DIGEST_INVALID');
  });

  test('more than 4 MiB is refused, and the connection goes on', async () => {
    const huge = { ...image, annotations: { x: 'x'.repeat(5 * 1024 * 1024) } };
    expect(await faultOf(await put('app', 'huge', huge))).toBe('413 SIZE_INVALID');
    expect((await call('GET', '/v2/')).status).toBe(200);
  });

  test('DELETE by tag leaves the manifest; by digest its tags go with it', async () => {
    const text = JSON.stringify(variant(9));
    for (const tag of ['nine', 'neuf']) await put('app', tag, text);
    expect((await call('DELETE', '/v2/app/manifests/nine')).status).toBe(202);
    expect(await faultOf(await get('nine'))).toBe('404 MANIFEST_UNKNOWN');
    expect((await get('neuf')).status).toBe(200);
    expect((await call('DELETE', `/v2/app/manifests/${digestOf(text)}`)).status).toBe(202);
    expect((await get('neuf')).status).toBe(404);
    expect(await faultOf(await call('DELETE', `/v2/app/manifests/${digestOf(text)}`))).toBe(
      '404 MANIFEST_UNKNOWN',
    );
  });

  test('a restart changes nothing', async () => {
    await put('app', 'stays', image);
    await restart();
    expect(await (await get('stays')).json()).toEqual(image);
  });

  describe('referrers', () => {
    const subject = { mediaType: OCI_MANIFEST, digest: digestOf('a subject nobody pushed'), size: 23 };
    const list = async (query = '') => {
      const response = await call('GET', `/v2/app/referrers/${subject.digest}${query}`);
      expect(response.headers.get('content-type')).toBe(OCI_INDEX);
      return { response, index: (await response.json()) as { manifests: Record<string, unknown>[] } };
    };

    test('none is an empty index', async () => {
      const { response, index } = await list();
      expect([response.status, index]).toEqual([
        200,
        { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
      ]);
      expect((await call('GET', `/v2/nobody/referrers/${subject.digest}`)).status).toBe(200);
      expect(await faultOf(await call('GET', '/v2/app/referrers/sha256:1'))).toBe('400 DIGEST_INVALID');
    });

    test('lists with type and annotations, filters, and forgets what is deleted', async () => {
      const sbom = JSON.stringify({ ...variant(20), subject, artifactType: 'example/sbom' });
      const signature = JSON.stringify({ ...image, subject });
      const pushed = await put('app', digestOf(sbom), sbom);
      expect(pushed.headers.get('oci-subject')).toBe(subject.digest);
      await put('app', digestOf(signature), signature);
      expect((await list()).index.manifests).toHaveLength(2);
      const { response, index } = await list('?artifactType=example/sbom');
      expect(response.headers.get('oci-filters-applied')).toBe('artifactType');
      expect(index.manifests).toEqual([
        {
          mediaType: OCI_MANIFEST,
          digest: digestOf(sbom),
          size: sbom.length,
          artifactType: 'example/sbom',
          annotations: { n: '20' },
        },
      ]);
      // Without a type of its own an image counts as its config's.
      const ofConfig = await list(`?artifactType=${encodeURIComponent(OCI_CONFIG)}`);
      expect(ofConfig.index.manifests.map(({ digest }) => digest)).toEqual([digestOf(signature)]);
      await call('DELETE', `/v2/app/manifests/${digestOf(sbom)}`);
      expect((await list()).index.manifests.map(({ digest }) => digest)).toEqual([digestOf(signature)]);
    });
  });
});
