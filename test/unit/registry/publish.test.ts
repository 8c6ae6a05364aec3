import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Registries } from '../../../lib/registry/registries.ts';
import { faultOf, useRegistries } from './fixture.ts';
import { AMD64, imageOf, layerOf, QUICK } from './images.ts';
import { answering, error } from './scripted-registry.ts';

const start = useRegistries();
const registries = new Registries({ patience: QUICK });

describe('publishing', () => {
  test('sends every blob, then the manifest by each tag, and what is pulled back is the same image', async () => {
    const registry = await start();
    const image = imageOf(layerOf(3_000_000), layerOf(10));
    const published = await registries.publish(image, `${registry.host}/web`, ['1', 'latest']);
    const total = image.manifest.config.size + image.manifest.layers.reduce((sum, { size }) => sum + size, 0);
    expect(published).toEqual({
      digest: image.digest,
      uploadedBytes: total + image.manifestBytes.length,
      mountedBytes: 0,
      skippedBytes: 0,
      totalBytes: total + image.manifestBytes.length,
    });
    const lines = registry.lines();
    const firstManifest = lines.indexOf('PUT /v2/web/manifests/1');
    expect(lines.slice(firstManifest)).toEqual(['PUT /v2/web/manifests/1', 'PUT /v2/web/manifests/latest']);
    const back = await registries.resolve(`${registry.host}/web@${image.digest}`, AMD64);
    expect(back.manifestBytes).toEqual(image.manifestBytes);
    expect(back.configBytes).toEqual(image.configBytes);
  });

  test('sends nothing when the tag has the digest, and only the manifest when another tag has', async () => {
    const registry = await start();
    const image = imageOf(layerOf(100));
    await registries.publish(image, `${registry.host}/web`, ['1']);
    registry.seen.length = 0;
    const again = await registries.publish(image, `${registry.host}/web`, ['1']);
    expect(again.skippedBytes).toBe(again.totalBytes);
    expect(registry.lines()).toEqual(['HEAD /v2/web/manifests/1']);
    registry.seen.length = 0;
    await registries.publish(image, `${registry.host}/web`, ['1', '2']);
    expect(registry.lines(/^P/)).toEqual(['PUT /v2/web/manifests/2']);
  });

  test('puts an image without tags under its digest', async () => {
    const registry = await start();
    const image = imageOf();
    await registries.publish(image, `${registry.host}/web`, []);
    expect(registry.lines(/^PUT .*manifests/)).toEqual([`PUT /v2/web/manifests/${image.digest}`]);
  });

  test('goes by the digest where a tag is another image for good', async () => {
    const registry = await start();
    const image = imageOf(layerOf(100));
    const because =
      "The image tag '1' already exists in the 'web' repository and cannot be overwritten because the tag is immutable.";
    registry.on('PUT', /manifests\/1$/, answering(400, {}, error('TAG_INVALID', because)));
    const { digest } = await registries.publish(image, `${registry.host}/web`, ['1']);
    const back = await registries.resolve(`${registry.host}/web@${digest}`, AMD64);
    expect(back.manifestBytes).toEqual(image.manifestBytes);
    expect(registry.manifests.has(`web:1-${digest.slice(7, 23)}`)).toBe(true);
    registry.on('PUT', /manifests\/2$/, answering(400, {}, error('TAG_INVALID', 'no such tag')));
    const refused = registries.publish(image, `${registry.host}/web`, ['2']);
    await expect(refused).rejects.toThrow(/TAG_INVALID: no such tag/);
  });

  test('sends only the layer that is new, and a layer that is there twice once', async () => {
    const registry = await start();
    const [base, app] = [layerOf(1000), layerOf(500)];
    await registries.publish(imageOf(base), `${registry.host}/web`, ['1']);
    const image = imageOf(base, app, app);
    const { uploadedBytes, skippedBytes } = await registries.publish(image, `${registry.host}/web`, ['2']);
    expect(skippedBytes).toBe(base.bytes.length);
    expect(uploadedBytes).toBe(app.bytes.length + image.manifest.config.size + image.manifestBytes.length);
  });

  test('mounts a layer from where it is known to be on the same host', async () => {
    const registry = await start();
    const base = layerOf(1000);
    registry.addBlob('bases/go', base.bytes);
    const open = async () => {
      throw new Error('a mounted blob is not read');
    };
    const image = imageOf({ ...base, open, source: `${registry.host}/bases/go` });
    const { mountedBytes } = await registries.publish(image, `${registry.host}/web`, ['1']);
    expect(mountedBytes).toBe(base.bytes.length);
  });

  test.each([
    ['202', undefined],
    ['405', answering(405)],
  ])('uploads where mounting is answered by %s', async (_status, script) => {
    const registry = await start();
    const base = layerOf(1000);
    if (script) registry.on('POST', /mount=/, script);
    const image = imageOf({ ...base, source: `${registry.host}/bases/none` });
    const { mountedBytes } = await registries.publish(image, `${registry.host}/web`, ['1']);
    expect(mountedBytes).toBe(0);
    expect(registry.has('web', base.bytes)).toBe(true);
  });

  test('streams a base layer that was never downloaded from its registry to another', async () => {
    const [source, target] = [await start(), await start()];
    const image = imageOf(layerOf(2_000_000));
    await registries.publish(image, `${source.host}/bases/go`, ['1']);
    const base = await registries.resolve(`${source.host}/bases/go:1`, AMD64);
    const { uploadedBytes, totalBytes } = await registries.publish(base, `${target.host}/web`, ['1']);
    expect(uploadedBytes).toBe(totalBytes);
    expect(target.lines(/mount=/)).toEqual([]);
  });

  test('reports each blob as it arrives, and the manifest last', async () => {
    const registry = await start();
    const image = imageOf(layerOf(10));
    const events: string[] = [];
    await registries.publish(image, `${registry.host}/web`, ['1'], ({ what, arrival }) =>
      events.push(`${what} ${arrival}`),
    );
    expect(events).toEqual(['blob uploaded', 'blob uploaded', 'manifest uploaded']);
  });

  test('puts no manifest when a blob was refused', async () => {
    const registry = await start();
    registry.on('PUT', /digest=/, answering(400, {}, error('DIGEST_INVALID', 'no match')));
    const fault = await faultOf(registries.publish(imageOf(layerOf(10)), `${registry.host}/web`, ['1']));
    expect(fault).toMatchObject({ code: 'registry/refused', registryCode: 'DIGEST_INVALID', status: 400 });
    expect(fault.message).toContain('PUT answered 400 DIGEST_INVALID: no match');
    expect(fault.message).not.toContain('secret');
    expect(registry.lines(/^PUT .*manifests/)).toEqual([]);
  });

  test.each([
    ['gone', () => Promise.reject(new Error('ENOENT: no such file'))],
    ['too short', async () => Readable.from([Buffer.alloc(1)])],
    ['too long', async () => Readable.from([Buffer.alloc(9_000_000)])],
  ])('does not blame the registry for a blob that is %s, nor tries again', async (_name, open) => {
    const registry = await start();
    const image = imageOf({ ...layerOf(3_000_000), open });
    const fault = await faultOf(registries.publish(image, `${registry.host}/web`, ['1']));
    expect(fault).toMatchObject({ code: 'image/unreadable-blob', temporary: false });
    expect(registry.lines(/^PATCH/).length).toBeLessThanOrEqual(1);
    expect(registry.lines(/^PUT .*manifests/)).toEqual([]);
  });

  test('says so when the registry stored the manifest under another digest', async () => {
    const registry = await start();
    registry.on('PUT', /manifests/, answering(201, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }));
    const fault = await faultOf(registries.publish(imageOf(), `${registry.host}/web`, ['1']));
    expect(fault.code).toBe('registry/wrong-digest');
  });

  test('says what to do when the repository is not there', async () => {
    const registry = await start();
    registry.on('POST', /uploads/, answering(404, {}, error('NAME_UNKNOWN', 'repository web not found')));
    const fault = await faultOf(registries.publish(imageOf(), `${registry.host}/web`, ['1']));
    expect(fault.code).toBe('registry/not-found');
    expect(fault.message).toContain('create the repository');
  });
});
