import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../lib/image/digest.ts';
import type { Image } from '../../../lib/image/types.ts';
import { writeLayoutArchive, writeLayoutDirectory } from '../../../lib/image/write-layout.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { implementations, type Running } from './implementations.ts';
import { AMD64, sampleImage, sampleLayer } from './sample-images.ts';

const run = promisify(execFile);
const SKOPEO = '/usr/bin/skopeo';
const BUILDAH = '/usr/bin/buildah';
const missingSkopeo = existsSync(SKOPEO) ? undefined : `${SKOPEO} is not installed`;
const missingBuildah = existsSync(BUILDAH) ? undefined : `${BUILDAH} is not installed`;

let folder = '';
let image: Image;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-tools-'));
  image = sampleImage([await sampleLayer(folder, 2_500_000), await sampleLayer(folder, 10)]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function inspect(name: string) {
  const { stdout } = await run(SKOPEO, ['inspect', '--tls-verify=false', name]);
  return JSON.parse(stdout) as { Digest: string; Layers: string[] };
}

describe.skipIf(missingSkopeo)(missingSkopeo ?? 'skopeo reads our OCI layouts', () => {
  test('in a directory and in an archive, by name', async () => {
    const [directory, archive] = [join(folder, 'layout'), join(folder, 'layout.tar')];
    await writeLayoutDirectory(image, directory, ['web:1', 'web:2']);
    await writeLayoutArchive(image, archive, ['web:1']);
    for (const name of [
      `oci:${directory}:1`,
      `oci:${directory}:2`,
      `oci-archive:${archive}:1`,
      `oci-archive:${archive}`,
    ]) {
      expect((await inspect(name)).Digest).toBe(image.digest);
    }
  });
});

describe.each(implementations)('$name', ({ missing, start }) => {
  const reason = missing ?? missingSkopeo;
  describe.skipIf(reason)(reason ?? 'and the clients that people use', () => {
    const registries = new Registries();
    let registry: Running;
    beforeAll(async () => {
      registry = await start();
      await registries.publish(image, `${registry.host}/team/web`, ['1']);
    });
    afterAll(() => registry.close());

    test('skopeo reads what we published', async () => {
      const name = `docker://${registry.host}/team/web:1`;
      const { Digest, Layers } = await inspect(name);
      expect(Digest).toBe(image.digest);
      expect(Layers).toEqual(image.manifest.layers.map(({ digest }) => digest));
      const copy = join(folder, `copy-${registry.host}`);
      await run(SKOPEO, ['copy', '--src-tls-verify=false', name, `dir:${copy}`]);
      expect(digestOf(await readFile(join(copy, 'manifest.json')))).toBe(image.digest);
    });

    test.each(['oci', 'v2s2'])('we read what skopeo published as %s, and publish it on', async (format) => {
      const archive = join(folder, `${format}.tar`);
      await writeLayoutArchive(image, archive, ['web:1']);
      const name = `${registry.host}/skopeo/${format}:1`;
      const copy = ['copy', '--dest-tls-verify=false', '--format', format];
      await run(SKOPEO, [...copy, `oci-archive:${archive}`, `docker://${name}`]);
      const pulled = await registries.resolve(name, AMD64);
      expect(pulled.layers.map(({ diffID }) => diffID)).toEqual(image.layers.map(({ diffID }) => diffID));
      await registries.publish(pulled, `${registry.host}/onwards`, [format]);
      expect((await inspect(`docker://${registry.host}/onwards:${format}`)).Digest).toBe(pulled.digest);
    });

    test.skipIf(missingBuildah)('buildah unpacks what we published', async () => {
      const storage = join(folder, `storage-${registry.host}`);
      const global = ['--storage-driver', 'vfs', '--root', storage, '--runroot', join(storage, 'run')];
      const name = `${registry.host}/team/web:1`;
      await run(BUILDAH, [...global, 'pull', '--tls-verify=false', name]);
      const { stdout } = await run(BUILDAH, [...global, 'inspect', '--type', 'image', name]);
      expect((JSON.parse(stdout) as { FromImageDigest: string }).FromImageDigest).toBe(image.digest);
    });
  });
});
