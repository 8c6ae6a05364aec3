import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Registries } from '../../../lib/registry/registries.ts';
import { ALICE, DOCKER_REGISTRY, startDockerRegistry } from './docker-registry.ts';
import { AMD64, sampleImage, sampleLayer } from './sample-images.ts';

const missing = existsSync(DOCKER_REGISTRY) ? undefined : `${DOCKER_REGISTRY} is not installed`;

describe.skipIf(missing)(missing ?? "Debian's docker-registry that lets in only Alice", () => {
  let folder = '';
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-protected-'));
    registry = await startDockerRegistry(folder, 'protected');
  });
  afterAll(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('takes and gives an image with her password', async () => {
    const registries = new Registries({ credentials: async () => ALICE });
    const image = sampleImage([await sampleLayer(folder, 2_000_000)]);
    await registries.publish(image, `${registry.host}/web`, ['1']);
    expect((await registries.resolve(`${registry.host}/web:1`, AMD64)).digest).toBe(image.digest);
  });

  test.each([
    ['no password', undefined],
    ['a wrong one', { ...ALICE, password: 'guess' }],
  ])('refuses with %s', async (_name, credentials) => {
    const registries = new Registries({ credentials: async () => credentials });
    const pulling = registries.resolve(`${registry.host}/web:1`, AMD64);
    await expect(pulling).rejects.toMatchObject({ code: 'registry/unauthorized', status: 401 });
    const publishing = registries.publish(sampleImage([]), `${registry.host}/web`, ['2']);
    await expect(publishing).rejects.toMatchObject({ code: 'registry/unauthorized' });
  });
});
