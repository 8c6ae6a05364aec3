import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installation } from '../../../bin/installation.ts';
import type { Image } from '../../../lib/image/types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { BuildKit, DOCKER } from '../build/buildkit.ts';
import { differences } from '../build/differences.ts';
import { readImage, readLayout } from '../build/files.ts';
import { DebianRegistry } from '../build/registry.ts';
import { membersOf } from '../build/tar.ts';
import { ALICE, DOCKER_REGISTRY, startDockerRegistry } from '../registry/docker-registry.ts';
import { whyNoTrixie } from '../trixie.ts';
import { ACCOUNT, type PublishersAws, REGION, startAws } from './aws.ts';
import { GOROOT, makeBases } from './bases.ts';
import { startModuleProxy } from './go-modules.ts';

const root = resolve(import.meta.dirname, '../../..');
const missing =
  [DOCKER_REGISTRY, '/bin/busybox', `${GOROOT}/bin/go`].find((path) => !existsSync(path)) ??
  whyNoTrixie(DOCKER);
const BASES = ['docker/library/golang:1.26', 'lambda/nodejs:24'];
/** What two builds of a Go program differ in is its build id. */
const COMPILED = {
  name: 'build-image',
  dockerfile: '',
  differs: { because: 'of the build id', files: /^usr\/local\/bin\/(helm|kustomize)$/ },
};
const ARM64 = { os: 'linux', architecture: 'arm64' };

interface Asset {
  source: { directory: string; platform: string };
  destinations: Record<string, { imageTag: string }>;
}

// The CDK's own publisher, of the version that installations are deployed with, calls what stands in for docker; and
// Docker itself builds the same Dockerfile from the same context and bases.
describe.skipIf(missing)(missing ?? 'the image of build-image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-assets-'));
  const assembly = join(folder, 'cdk.out');
  const bases = new DebianRegistry();
  const docker = new BuildKit();
  let proxy: Awaited<ReturnType<typeof startModuleProxy>>;
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;
  let aws: PublishersAws;
  let asset: Asset;
  let ours: Image;
  let said = '';

  beforeAll(async () => {
    docker.prepare();
    await bases.start();
    proxy = await startModuleProxy();
    mkdirSync(join(folder, 'registry'));
    registry = await startDockerRegistry(join(folder, 'registry'), 'protected');
    aws = await startAws(registry.host, ALICE);
    mkdirSync(join(folder, 'blobs'));
    for (const [name, index] of Object.entries(await makeBases(join(folder, 'blobs'), proxy.url))) {
      const [path = '', tag = ''] = name.split(':');
      await new Registries().publishIndex(index, `${bases.host}/public.ecr.aws/${path}`, [tag]);
    }
    const app = new App({ outdir: assembly });
    installation(app);
    app.synth();
    const manifest = JSON.parse(readFileSync(join(assembly, 'FairleadPipeline.assets.json'), 'utf8'));
    const images = Object.values(manifest.dockerImages) as Asset[];
    expect(images).toHaveLength(1);
    asset = images[0] as Asset;
    said = await publish();
    const { imageTag = '' } = Object.values(asset.destinations)[0] ?? {};
    const repository = `${registry.host}/cdk-hnb659fds-container-assets-${ACCOUNT}-${REGION}`;
    const alice = new Registries({ credentials: async () => ALICE });
    ours = await alice.resolve(`${repository}:${imageTag}`, ARM64);
  }, 600_000);

  afterAll(async () => {
    await docker.close();
    await aws?.close();
    await registry?.close();
    await proxy?.close();
    bases.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function publish(): Promise<string> {
    const args = ['publish-assets', 'FairleadPipeline', '--app', assembly, '--unstable=publish-assets', '-v'];
    const more = ['--no-notices', '--no-version-reporting'];
    const { stdout, stderr } = await promisify(execFile)(
      join(root, 'node_modules/.bin/cdk'),
      [...args, ...more],
      {
        cwd: folder,
        maxBuffer: 64 * 1024 * 1024,
        env: {
          PATH: `${goOfTheDockerfile()}:${process.env.PATH}`,
          HOME: process.env.HOME,
          CDK_HOME: join(folder, 'cdk'),
          DOCKER_CONFIG: folder,
          XDG_CACHE_HOME: join(folder, 'cache'),
          AWS_ENDPOINT_URL: aws.url,
          AWS_ACCESS_KEY_ID: 'a',
          AWS_SECRET_ACCESS_KEY: 's',
          AWS_REGION: REGION,
          CDK_DOCKER: join(root, 'bin', 'fairlead-docker.js'),
          REGISTRY_MIRRORS: JSON.stringify({ 'public.ecr.aws': bases.host }),
        },
      },
    );
    return stdout + stderr;
  }

  /** Debian has no Go as new as the Dockerfile wants, and what it compiles here needs none: this one says that it is. */
  function goOfTheDockerfile(): string {
    const path = join(folder, 'bin');
    mkdirSync(path, { recursive: true });
    const script = `#!/bin/sh\n[ "$*" = "env GOVERSION GOROOT" ] && echo go1.26.0 && echo ${GOROOT} && exit\nexec ${GOROOT}/bin/go "$@"\n`;
    writeFileSync(join(path, 'go'), script);
    chmodSync(join(path, 'go'), 0o755);
    return path;
  }

  test('is one image for arm64, of which Lambda takes every part', () => {
    expect(asset.source.platform).toBe('linux/arm64');
    expect(ours.config).toMatchObject(ARM64);
    expect(ours.manifest.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    const types = new Set(ours.manifest.layers.map(({ mediaType }) => mediaType));
    expect([...types]).toEqual(['application/vnd.oci.image.layer.v1.tar+gzip']);
  });

  test('is what Docker makes of the same Dockerfile, file by file', async () => {
    const context = join(assembly, asset.source.directory);
    const named = BASES.flatMap((name) => [
      '--build-context',
      `public.ecr.aws/${name}=docker-image://${bases.host}/public.ecr.aws/${name}`,
    ]);
    const theirs = readLayout(await docker.build(context, ['--platform', 'linux/arm64', ...named]));
    const mine = { 'linux/arm64': await readImage(ours) };
    expect(differences(theirs, mine, COMPILED)).toEqual([]);
    const files = Object.keys(mine['linux/arm64'].files);
    expect(files).toEqual(
      expect.arrayContaining(['usr/local/bin/helm', 'usr/local/bin/kustomize', 'var/task/index.mjs']),
    );
    // All that the handler imports, now or later.
    const modules = readdirSync(context).filter((name) => name.endsWith('.mjs'));
    expect(modules.length).toBeGreaterThan(1);
    expect(files).toEqual(expect.arrayContaining(modules.map((name) => `var/task/${name}`)));
    // The toolchain of the processor that it is for, not of the one it was built on.
    expect(mine['linux/arm64'].files['usr/local/go/bin/go']).toBe(
      theirs['linux/arm64']?.files['usr/local/go/bin/go'],
    );
    expect(files.some((path) => path.includes('linux_amd64'))).toBe(false);
  }, 600_000);

  test('has the tools as programs for the processor that it is for', async () => {
    const layers = await Promise.all(
      ours.layers.map(async ({ open }) => gunzipSync(await buffer(await open()))),
    );
    const members = layers.flatMap((layer) => [...membersOf(layer)]);
    for (const name of ['helm', 'kustomize']) {
      const { mode, bytes } = members.find(({ path }) => path === `usr/local/bin/${name}`) ?? {};
      expect(mode).toBe(0o755);
      // ELF, e_machine: EM_AARCH64.
      expect([bytes?.toString('latin1', 1, 4), bytes?.readUInt16LE(18)]).toEqual(['ELF', 183]);
    }
  });

  test('was published with a login that is in no argument, no log, and no file of others', () => {
    expect(aws.asked).toContain('ecr GetAuthorizationToken');
    expect(said).toContain('--password-stdin');
    for (const secret of [ALICE.password, Buffer.from(`alice:${ALICE.password}`).toString('base64')])
      expect(said).not.toContain(secret);
    const kept = join(folder, 'cache', 'fairlead', 'docker');
    expect(readdirSync(kept).sort()).toEqual(['images', 'logins.json', 'names']);
  });
});
