import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Registry, startRegistry } from '../../../local/registry/server.ts';

const run = promisify(execFile);
const runs = (program: string, ...args: string[]) =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const hasSkopeo = runs('skopeo', '--version');
const hasBuildah = runs('buildah', '--version');
const hasDocker = runs('docker', 'info', '--format', '{{.ID}}');

/** More than one chunk of any client, and nothing that compresses. */
const LAYER_BYTES = 24 * 1024 * 1024;

describe('clients that others wrote, against our registry', () => {
  let folder: string;
  let registry: Registry;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-clients-'));
    registry = await startRegistry({ stateDir: join(folder, 'state') });
    const content = Buffer.alloc(LAYER_BYTES);
    let seed = 1;
    for (let at = 0; at < content.length; at += 4) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      content.writeUInt32LE(seed, at);
    }
    await mkdir(join(folder, 'context'));
    await writeFile(join(folder, 'context/data'), content);
    await writeFile(join(folder, 'context/small'), 'small');
    const dockerfile = 'FROM scratch\nCOPY data /data\nCOPY small /small\nLABEL made=by-a-test\n';
    await writeFile(join(folder, 'context/Dockerfile'), dockerfile);
    await writeLayout(join(folder, 'layout'), join(folder, 'context/data'));
  });

  afterAll(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tags = async (name: string) =>
    ((await (await fetch(`${registry.url}/v2/${name}/tags/list`)).json()) as { tags: string[] }).tags;

  describe.skipIf(!hasBuildah || process.getuid?.() !== 0)('buildah (a Debian package; as root)', () => {
    const buildah = (...args: string[]) =>
      run('buildah', [
        '--storage-driver=vfs',
        `--root=${join(folder, 'storage')}`,
        `--runroot=${join(folder, 'run')}`,
        ...args,
      ]);

    test('pushes what it built, and pulls it back the same', async () => {
      const image = `${registry.host}/team/built:1`;
      await buildah('build', '--quiet', '--layers', '--tag', image, join(folder, 'context'));
      await buildah('push', '--tls-verify=false', image);
      expect(await tags('team/built')).toEqual(['1']);
      const before = (await buildah('images', '--no-trunc', '--quiet', image)).stdout;
      await buildah('rmi', '--all', '--force');
      await buildah('pull', '--quiet', '--tls-verify=false', image);
      expect((await buildah('images', '--no-trunc', '--quiet', image)).stdout).toBe(before);
    });

    test('pushes Docker schema 2 as well', async () => {
      const image = `${registry.host}/team/docker-format:1`;
      await buildah('build', '--quiet', '--format=docker', '--tag', image, join(folder, 'context'));
      await buildah('push', '--tls-verify=false', '--format=v2s2', image);
      const head = await fetch(`${registry.url}/v2/team/docker-format/manifests/1`, { method: 'HEAD' });
      expect(head.headers.get('content-type')).toBe('application/vnd.docker.distribution.manifest.v2+json');
    });
  });

  describe.skipIf(!hasSkopeo)('skopeo (a Debian package)', () => {
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    const layout = () => `oci:${join(folder, 'layout')}:it`;

    test('copies an image in, from repository to repository, and out, with its digest kept', async () => {
      const [a, b] = [`docker://${registry.host}/a:1`, `docker://${registry.host}/deep/er/b:latest`];
      await run('skopeo', ['copy', ...insecure, layout(), a]);
      await run('skopeo', ['copy', ...insecure, a, b]);
      await run('skopeo', ['copy', ...insecure, b, `oci:${join(folder, 'back')}:it`]);
      const inspect = async (image: string) => {
        const { stdout } = await run('skopeo', ['inspect', '--tls-verify=false', image]);
        return JSON.parse(stdout) as { Digest: string; Layers: string[]; RepoTags?: string[] };
      };
      const [inA, inB] = [await inspect(a), await inspect(b)];
      expect(inA).toMatchObject({ RepoTags: ['1'] });
      expect(inB.Digest).toBe(inA.Digest);
      expect((await inspect(`oci:${join(folder, 'back')}:it`)).Digest).toBe(inA.Digest);
    });

    test('deletes', async () => {
      const image = `docker://${registry.host}/doomed:1`;
      await run('skopeo', ['copy', ...insecure, layout(), image]);
      await run('skopeo', ['delete', '--tls-verify=false', image]);
      await expect(run('skopeo', ['inspect', '--tls-verify=false', image])).rejects.toThrow(
        /manifest unknown|no such/i,
      );
    });

    test('shows what a person did wrong', async () => {
      const image = `docker://${registry.host}/nothing/here:1`;
      await expect(run('skopeo', ['inspect', '--tls-verify=false', image])).rejects.toThrow(
        /no such manifest in/,
      );
    });
  });

  describe.skipIf(!hasDocker)('docker (needs a running daemon)', () => {
    test('builds, pushes and pulls', async () => {
      const image = `${registry.host}/docker/built:1`;
      await run('docker', ['build', '--quiet', '--tag', image, join(folder, 'context')]);
      await run('docker', ['push', image]);
      await run('docker', ['rmi', '--force', image]);
      await run('docker', ['pull', image]);
      expect(await tags('docker/built')).toEqual(['1']);
      await run('docker', ['rmi', '--force', image]);
    });
  });
});

/** An OCI image layout of one layer. */
async function writeLayout(target: string, data: string): Promise<void> {
  const tarball = `${target}.tar`;
  await run('tar', ['-cf', tarball, '--mtime=@0', '-C', join(data, '..'), 'data']);
  const layer = await readFile(tarball);
  await mkdir(join(target, 'blobs/sha256'), { recursive: true });
  const put = async (bytes: Buffer, mediaType: string) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(target, 'blobs/sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const layers = [await put(layer, 'application/vnd.oci.image.layer.v1.tar')];
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = await put(
    json({ architecture: 'amd64', os: 'linux', config: {}, rootfs }),
    'application/vnd.oci.image.config.v1+json',
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await put(json({ schemaVersion: 2, mediaType, config, layers }), mediaType);
  const annotations = { 'org.opencontainers.image.ref.name': 'it' };
  await writeFile(
    join(target, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  await writeFile(join(target, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}
