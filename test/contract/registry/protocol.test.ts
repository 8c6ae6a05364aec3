import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../lib/image/digest.ts';
import { canonicalJson } from '../../../lib/image/json.ts';
import { OCI_INDEX } from '../../../lib/image/media-types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { implementations, type Running } from './implementations.ts';
import { AMD64, sampleImage, sampleLayer } from './sample-images.ts';

describe.each(implementations)('$name', ({ missing, resumes, start }) => {
  describe.skipIf(missing)(missing ?? 'publishing and pulling', () => {
    let registry: Running;
    beforeAll(async () => {
      registry = await start();
    });
    afterAll(() => registry.close());
    const registries = new Registries({ patience: { attempts: 4, firstDelay: 50, longestDelay: 1000 } });
    const layerOf = (size: number) => sampleLayer(registry.folder, size);

    test('what is published is what is pulled, byte for byte', async () => {
      const image = sampleImage([await layerOf(3_000_000), await layerOf(0)]);
      const published = await registries.publish(image, `${registry.host}/team/web`, ['1', 'latest']);
      expect(published.uploadedBytes).toBe(published.totalBytes);
      for (const name of [':1', ':latest', `@${image.digest}`]) {
        const back = await registries.resolve(`${registry.host}/team/web${name}`, AMD64);
        expect(back.digest).toBe(image.digest);
        expect(back.configBytes).toEqual(image.configBytes);
        for (const { open, descriptor } of back.layers) {
          expect(digestOf(await buffer(await open()))).toBe(descriptor.digest);
        }
      }
    });

    test('publishing again sends nothing, another layer only that, another tag only the manifest', async () => {
      const [base, app] = [await layerOf(100_000), await layerOf(50_000)];
      const to = `${registry.host}/again`;
      await registries.publish(sampleImage([base]), to, ['1']);
      expect((await registries.publish(sampleImage([base]), to, ['1'])).uploadedBytes).toBe(0);
      const image = sampleImage([base, app]);
      const { uploadedBytes, skippedBytes } = await registries.publish(image, to, ['2']);
      expect(skippedBytes).toBe(base.descriptor.size);
      expect(uploadedBytes).toBe(app.descriptor.size + image.configBytes.length + image.manifestBytes.length);
      const { skippedBytes: blobs, totalBytes } = await registries.publish(image, to, ['3']);
      expect(blobs).toBe(totalBytes - image.manifestBytes.length);
    });

    test('mounts what another repository has, without reading it', async () => {
      const base = await layerOf(100_000);
      await registries.publish(sampleImage([base]), `${registry.host}/bases/go`, ['1']);
      const pulled = await registries.resolve(`${registry.host}/bases/go:1`, AMD64);
      const unread = pulled.layers.map((layer) => ({
        ...layer,
        open: () => Promise.reject(new Error('a mounted blob is not read')),
      }));
      const to = `${registry.host}/mounted`;
      const { mountedBytes } = await registries.publish(sampleImage(unread), to, ['1']);
      expect(mountedBytes).toBe(base.descriptor.size);
      const [layer] = (await registries.resolve(`${to}:1`, AMD64)).layers;
      expect(digestOf(await buffer((await layer?.open()) as Readable))).toBe(base.descriptor.digest);
    });

    test('an upload that is cut off is brought to its end', async () => {
      const layer = await layerOf(8_000_000);
      const proxy = await startCuttingProxy(registry.host, 4_000_000);
      try {
        await registries.publish(sampleImage([layer]), `${proxy.host}/cut-off`, ['1']);
        expect(proxy.cuts()).toBe(1);
        // What had come before the cut is not sent again, where the registry kept it.
        if (resumes) expect(proxy.passed()).toBeLessThan(layer.descriptor.size * 1.05);
        const [back] = (await registries.resolve(`${registry.host}/cut-off:1`, AMD64)).layers;
        expect(digestOf(await buffer((await back?.open()) as Readable))).toBe(layer.descriptor.digest);
      } finally {
        await proxy.close();
      }
    });

    test('bytes that are not what their digest says are refused, and no manifest is put', async () => {
      const layer = await layerOf(1000);
      const open = async () => Readable.from([Buffer.alloc(layer.descriptor.size)]);
      const to = `${registry.host}/wrong`;
      const publishing = registries.publish(sampleImage([{ ...layer, open }]), to, ['1']);
      await expect(publishing).rejects.toMatchObject({
        code: 'registry/refused',
        registryCode: 'DIGEST_INVALID',
      });
      await expect(registries.resolve(`${to}:1`, AMD64)).rejects.toMatchObject({
        code: 'registry/not-found',
      });
    });

    test('bytes that went bad in the registry are noticed', async () => {
      const layer = await layerOf(10_000);
      await registries.publish(sampleImage([layer]), `${registry.host}/rotten`, ['1']);
      await spoil(registry.folder, layer.descriptor.digest, layer.descriptor.size);
      const [pulled] = (await registries.resolve(`${registry.host}/rotten:1`, AMD64)).layers;
      await expect(buffer((await pulled?.open()) as Readable)).rejects.toMatchObject({
        code: 'image/wrong-bytes',
      });
    });

    test('an index gives the image for the platform', async () => {
      const images = [sampleImage([await layerOf(10)]), sampleImage([await layerOf(20)], 'arm64')];
      const to = `${registry.host}/multi`;
      for (const image of images) await registries.publish(image, to, []);
      const manifests = images.map(({ digest, manifest, manifestBytes, config: { os, architecture } }) => ({
        mediaType: manifest.mediaType,
        digest,
        size: manifestBytes.length,
        platform: { os, architecture },
      }));
      const body = canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
      const headers = { 'content-type': OCI_INDEX };
      const put = await fetch(`http://${registry.host}/v2/multi/manifests/1`, {
        method: 'PUT',
        headers,
        body,
      });
      expect(put.status).toBe(201);
      const pulled = await registries.resolve(`${to}:1`, { os: 'linux', architecture: 'arm64' });
      expect(pulled.digest).toBe(images[1]?.digest);
    });

    test('what is not there is told as such', async () => {
      for (const name of ['none:1', 'team/web:none', `team/web@sha256:${'0'.repeat(64)}`]) {
        const pulling = registries.resolve(`${registry.host}/${name}`, AMD64);
        await expect(pulling).rejects.toMatchObject({
          code: 'registry/not-found',
          status: 404,
          temporary: false,
        });
      }
    });
  });
});

/** Turns a byte of a blob where the registry keeps it. */
async function spoil(folder: string, digest: string, size: number): Promise<void> {
  const hex = digest.slice('sha256:'.length);
  for (const path of await readdir(folder, { recursive: true })) {
    const file = join(folder, path);
    // The folder holds our own copies too, which another file is as good as.
    const details = await stat(file);
    if (!path.includes(hex) || !details.isFile() || details.size !== size) continue;
    const bytes = await readFile(file);
    bytes[size - 1] = (bytes[size - 1] as number) ^ 1;
    await writeFile(file, bytes);
  }
}
