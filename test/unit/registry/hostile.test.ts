import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../lib/image/json.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../lib/image/media-types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { faultOf, useRegistries } from './fixture.ts';
import { AMD64, imageOf, layerOf, QUICK } from './images.ts';
import { answering, type ScriptedRegistry } from './scripted-registry.ts';

const start = useRegistries();
const registries = new Registries({ patience: QUICK });

const pull = (registry: ScriptedRegistry, name = 'web:1') =>
  faultOf(registries.resolve(`${registry.host}/${name}`, AMD64));

async function withImage(change: (manifest: Record<string, unknown>) => object): Promise<ScriptedRegistry> {
  const registry = await start();
  const image = imageOf(layerOf(10));
  registry.addBlob('web', Buffer.from(image.configBytes));
  registry.addManifest('web', '1', OCI_MANIFEST, canonicalJson(change({ ...image.manifest })));
  return registry;
}

describe('a manifest that cannot be', () => {
  test.each([
    [
      'a page of HTML',
      answering(200, { 'content-type': 'text/html' }, '<html>Welcome</html>'),
      'image/bad-manifest',
    ],
    [
      'broken JSON',
      answering(200, { 'content-type': OCI_MANIFEST }, '{"schemaVersion":2,'),
      'image/bad-manifest',
    ],
    ['null', answering(200, { 'content-type': OCI_MANIFEST }, 'null'), 'image/bad-manifest'],
    [
      'no layers',
      answering(200, { 'content-type': OCI_MANIFEST }, '{"schemaVersion":2}'),
      'image/bad-manifest',
    ],
    ['of an unknown type', answering(200, {}, '{"mediaType":"text/x"}'), 'image/unsupported-manifest'],
    [
      "docker's first schema",
      answering(
        200,
        { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
        '{"schemaVersion":1}',
      ),
      'image/unsupported-manifest',
    ],
    [
      'larger than 4 MiB',
      answering(200, { 'content-type': OCI_MANIFEST }, Buffer.alloc(5_000_000, 0x20)),
      'registry/too-large',
    ],
    [
      'not what its digest says',
      answering(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }, '{}'),
      'image/wrong-bytes',
    ],
  ])('%s gives one clear error', async (_name, script, code) => {
    const registry = await start();
    registry.on('GET', /manifests/, script);
    const fault = await pull(registry);
    expect(fault.code).toBe(code);
    expect(fault.message.split('\n')).toHaveLength(1);
    expect(registry.lines()).toHaveLength(1);
  });

  test('endless: it is not read to its end', async () => {
    const registry = await start();
    let sent = 0;
    registry.on('GET', /manifests/, (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536))) sent += 65536;
      };
      response.on('drain', more);
      more();
    });
    expect((await pull(registry)).code).toBe('registry/too-large');
    expect(sent).toBeLessThan(50_000_000);
  });

  test('asked for by digest and answered with other bytes', async () => {
    const registry = await start();
    registry.on('GET', /manifests/, answering(200, { 'content-type': OCI_MANIFEST }, '{}'));
    expect((await pull(registry, `web@sha256:${'a'.repeat(64)}`)).code).toBe('image/wrong-bytes');
  });
});

describe('an image that does not hold together', () => {
  test('a config that would be huge is not fetched', async () => {
    const registry = await withImage((manifest) => ({
      ...manifest,
      config: { ...(manifest.config as object), size: 9_000_000 },
    }));
    expect((await pull(registry)).code).toBe('registry/too-large');
    expect(registry.lines(/blobs/)).toEqual([]);
  });

  test('a config of another size or content', async () => {
    const registry = await withImage((manifest) => ({
      ...manifest,
      config: { ...(manifest.config as object), size: 7 },
    }));
    expect((await pull(registry)).code).toBe('image/wrong-bytes');
  });

  test('not as many layers as diffIDs', async () => {
    const registry = await withImage((manifest) => ({ ...manifest, layers: [] }));
    expect((await pull(registry)).code).toBe('registry/bad-answer');
  });

  test('a digest that is none', async () => {
    const registry = await withImage((manifest) => ({
      ...manifest,
      config: { ...(manifest.config as object), digest: 'sha256:../../etc/passwd' },
    }));
    expect((await pull(registry)).message).toContain('config.digest');
  });

  test('a layer that is no Linux file system', async () => {
    const registry = await withImage((manifest) => ({
      ...manifest,
      layers: [
        {
          ...(manifest.layers as object[])[0],
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        },
      ],
    }));
    expect((await pull(registry)).code).toBe('image/unsupported-layer');
  });

  test('an index that lists an index, and one without the platform', async () => {
    const registry = await start();
    const image = imageOf();
    const index = (digest: string, size: number, architecture: string) =>
      canonicalJson({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [{ mediaType: OCI_MANIFEST, digest, size, platform: { os: 'linux', architecture } }],
      });
    const inner = index(image.digest, 1, 'arm64');
    const digest = registry.addManifest('web', 'inner', OCI_INDEX, inner);
    registry.addManifest('web', 'outer', OCI_INDEX, index(digest, inner.length, 'amd64'));
    expect((await pull(registry, 'web:outer')).code).toBe('registry/bad-answer');
    const fault = await pull(registry, 'web:inner');
    expect(fault.code).toBe('registry/no-such-platform');
    expect(fault.message).toContain('not there for linux/amd64, only for linux/arm64');
  });

  test('an index of very many platforms is told of in a few words', async () => {
    const registry = await start();
    const manifests = Array.from({ length: 10_000 }, (_, at) => ({
      mediaType: OCI_MANIFEST,
      digest: `sha256:${String(at).padStart(64, '0')}`,
      size: 1,
      platform: { os: 'linux', architecture: `arch${at}${'x'.repeat(50)}` },
    }));
    const index = canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    registry.addManifest('web', '1', OCI_INDEX, index);
    const { code, message } = await pull(registry);
    expect(code).toBe('registry/no-such-platform');
    expect(message.length).toBeLessThan(2_500);
  });

  test('an image of more layers than any has', async () => {
    const layers = Array.from({ length: 1_001 }, () => layerOf(0));
    const registry = await start();
    await new Registries().publish(imageOf(...layers), `${registry.host}/web`, ['1']);
    expect((await pull(registry)).message).toMatch(/has 1001 layers/);
  });

  test('attestations beside the image are passed over', async () => {
    const registry = await start();
    const image = imageOf(layerOf(10));
    await new Registries().publish(image, `${registry.host}/web`, []);
    const entry = (digest: string, platform: object) => ({
      mediaType: OCI_MANIFEST,
      digest,
      size: 1,
      platform,
    });
    const unknown = entry(`sha256:${'f'.repeat(64)}`, { os: 'unknown', architecture: 'unknown' });
    const known = entry(image.digest, AMD64);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [unknown, known] };
    registry.addManifest('web', '1', OCI_INDEX, canonicalJson(index));
    const pulled = await new Registries({ patience: QUICK }).resolve(`${registry.host}/web:1`, AMD64);
    expect(pulled.digest).toBe(image.digest);
  });

  test.each([
    ['other bytes', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['fewer bytes', (bytes: Buffer) => bytes.subarray(1)],
    ['more bytes', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ])('a layer of %s: reading it fails, and it is not published further', async (_name, change) => {
    const [source, target] = [await start(), await start()];
    const layer = layerOf(200_000);
    await registries.publish(imageOf(layer), `${source.host}/web`, ['1']);
    source.blobs.set(`web@${layer.descriptor.digest}`, change(layer.bytes));
    const base = await registries.resolve(`${source.host}/web:1`, AMD64);
    const opened = await base.layers[0]?.open();
    expect((await faultOf(buffer(opened as NodeJS.ReadableStream))).code).toBe('image/wrong-bytes');
    expect((await faultOf(registries.publish(base, `${target.host}/web`, ['1']))).code).toBe(
      'image/wrong-bytes',
    );
    expect(target.manifests.size).toBe(0);
  });
});

describe('answers that lead nowhere', () => {
  test('a loop of redirects', async () => {
    const registry = await start();
    registry.on('GET', /manifests/, answering(307, { location: '/v2/web/manifests/1' }));
    expect((await pull(registry)).code).toBe('registry/too-many-redirects');
    expect(registry.lines()).toHaveLength(6);
  });

  test.each([
    ['another scheme', 'file:///etc/passwd'],
    ['plain HTTP somewhere else', 'http://metadata.internal/'],
  ])('a redirect to %s', async (_name, location) => {
    const registry = await start();
    registry.on('GET', /manifests/, answering(302, { location }));
    expect((await pull(registry)).code).toBe('registry/bad-redirect');
  });

  test.each([
    ['no Location', {}],
    ['a Location that is none', { location: 'ftp://elsewhere/' }],
    ['a Location in the clear elsewhere', { location: 'http://uploads.example/' }],
  ] as const)('an upload session with %s', async (_name, headers) => {
    const registry = await start();
    registry.on('POST', /uploads/, answering(202, headers));
    const fault = await faultOf(registries.publish(imageOf(), `${registry.host}/web`, ['1']));
    expect(fault.code).toMatch(/registry\/bad-(answer|redirect)/);
  });

  test.each(['POST', 'PATCH', 'PUT'])('an upload whose %s is redirected', async (method) => {
    const registry = await start();
    registry.on(method, /uploads/, answering(307, { location: '/elsewhere' }));
    const fault = await faultOf(
      registries.publish(imageOf(layerOf(9_000_000)), `${registry.host}/web`, ['1']),
    );
    expect(fault.code).toBe('registry/bad-redirect');
    expect(registry.lines(/elsewhere/)).toEqual([]);
  });
});
