import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = new URL('../../fixtures/rollout/probe/main.go', import.meta.url).pathname;

/**
 * Builds the probe program and publishes it, with Go, tar and skopeo alone; answers its digest.
 * `repository` is `HOST:PORT/PATH` of a registry that speaks plain HTTP. The image says that it is for this machine's
 * processor whatever `goarch` it was compiled for.
 */
export function publishProbe(repository: string, goarch = architecture): string {
  const work = mkdtempSync(join(tmpdir(), 'fairlead-probe-'));
  try {
    writeLayout(work, goarch);
    const digest = join(work, 'digest');
    execFileSync('skopeo', [
      ...['copy', '-q', '--dest-tls-verify=false', '--digestfile', digest],
      ...[`oci:${work}/layout:probe`, `docker://${repository}:probe`],
    ]);
    return readFileSync(digest, 'utf8').trim();
  } finally {
    rmSync(work, { recursive: true });
  }
}

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Writes an OCI image layout of a scratch image for this machine that holds the program, compiled for `goarch`. */
function writeLayout(work: string, goarch: string): void {
  const layout = join(work, 'layout');
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', join(work, 'app'), SOURCE], {
    env: { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOARCH: goarch },
  });
  const tar = [
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '-cf',
    join(work, 'layer.tar'),
    'app',
  ];
  execFileSync('tar', ['-C', work, ...tar]);
  const layer = put(layout, readFileSync(join(work, 'layer.tar')));
  const config = put(layout, {
    architecture,
    os: 'linux',
    config: { Entrypoint: ['/app'] },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const manifest = put(layout, {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
  });
  const described = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...manifest,
    annotations: { 'org.opencontainers.image.ref.name': 'probe' },
  };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [described] }));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

function put(layout: string, content: Buffer | object): { digest: string; size: number } {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  const hex = createHash('sha256').update(bytes).digest('hex');
  const file = join(layout, 'blobs/sha256', hex);
  writeFileSync(file, bytes);
  return { digest: `sha256:${hex}`, size: statSync(file).size };
}
