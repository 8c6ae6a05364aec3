import { describe, expect, it } from 'vitest';
import { assembleIndex } from '../../../lib/image/assemble-index.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { useRegistries } from './fixture.ts';
import { AMD64, imageFor, imageOf, layerOf } from './images.ts';

const start = useRegistries();
const ARM64 = { os: 'linux', architecture: 'arm64' };

describe('publishIndex', () => {
  it('puts each image by its digest, sends what they share once, and names the index last', async () => {
    const registry = await start();
    const registries = new Registries();
    const [shared, own] = [layerOf(5000), layerOf(3000)];
    const images = [imageOf(shared), imageFor(ARM64, shared, own)];
    const published = await registries.publishIndex(assembleIndex(images), `${registry.host}/team/app`, [
      'v1',
      'latest',
    ]);
    const puts = registry.lines(/^PUT .*manifests/).map((line) => line.split('/').at(-1));
    expect(puts).toEqual([images[0]?.digest, images[1]?.digest, 'v1', 'latest']);
    expect(registry.lines(/^PUT .*uploads/)).toHaveLength(4); // two layers, two configs
    const { bytes, type } = registry.manifests.get('team/app:v1') as { bytes: Buffer; type: string };
    expect(type).toBe('application/vnd.oci.image.index.v1+json');
    expect(JSON.parse(bytes.toString()).manifests).toMatchObject([
      { digest: images[0]?.digest, platform: AMD64 },
      { digest: images[1]?.digest, platform: ARM64 },
    ]);
    expect(published.totalBytes).toBe(
      published.uploadedBytes + published.mountedBytes + published.skippedBytes,
    );
    const pulled = await registries.resolve(`${registry.host}/team/app:latest`, ARM64);
    expect(pulled.digest).toBe(images[1]?.digest);
  });

  it('sends nothing again that is there', async () => {
    const registry = await start();
    const registries = new Registries();
    const images = [imageOf(layerOf(5000))];
    await registries.publishIndex(assembleIndex(images), `${registry.host}/app`, ['v1']);
    registry.seen.length = 0;
    const again = await registries.publishIndex(assembleIndex(images), `${registry.host}/app`, ['v1']);
    expect(again.uploadedBytes).toBe(0);
    expect(registry.lines(/^(PUT|POST|PATCH)/)).toEqual([]);
  });
});
