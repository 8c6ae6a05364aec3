import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { assembleImage } from '../../../lib/image/assemble.ts';
import { digestOf } from '../../../lib/image/digest.ts';
import { DOCKER_LAYER_GZIP, OCI_LAYER_GZIP } from '../../../lib/image/media-types.ts';
import { parseConfig, parseManifest } from '../../../lib/image/parse.ts';
import type { Layer } from '../../../lib/image/types.ts';

const layer = (text: string, mediaType = OCI_LAYER_GZIP): Layer => ({
  descriptor: { mediaType, digest: digestOf(text), size: text.length, annotations: { from: 'elsewhere' } },
  diffID: digestOf(`tar of ${text}`),
  open: async () => Readable.from([Buffer.from(text)]),
});
const config = { os: 'linux', architecture: 'amd64', config: { Cmd: ['/app'], Env: ['A=1'] } };

describe('assembling an image', () => {
  test('makes a manifest and a config that read back as they are', () => {
    const image = assembleImage({ config, layers: [layer('a'), layer('b')], annotations: { x: 'y' } });
    expect(image.digest).toBe(digestOf(image.manifestBytes));
    expect(image.manifest.config.digest).toBe(digestOf(image.configBytes));
    expect(parseManifest(image.manifestBytes, undefined, 'x')).toEqual({
      kind: 'manifest',
      manifest: image.manifest,
    });
    expect(parseConfig(image.configBytes, 'x')).toEqual({
      ...config,
      rootfs: { type: 'layers', diff_ids: [digestOf('tar of a'), digestOf('tar of b')] },
    });
  });

  test('gives the same digest whatever the order of the keys', () => {
    const turned = {
      config: { Env: ['A=1'], Cmd: ['/app'] },
      architecture: 'amd64',
      os: 'linux',
      author: undefined,
    };
    const [one, other] = [config, turned].map(
      (parts) => assembleImage({ config: parts, layers: [layer('a')] }).digest,
    );
    expect(one).toBe(other);
  });

  test("gives docker's layers the OCI's names, for the same bytes", () => {
    const { manifest, layers } = assembleImage({ config, layers: [layer('a', DOCKER_LAYER_GZIP)] });
    expect(manifest.layers).toEqual([{ mediaType: OCI_LAYER_GZIP, digest: digestOf('a'), size: 1 }]);
    expect(layers[0]?.descriptor).toEqual(manifest.layers[0]);
  });
});

describe('reading what others wrote', () => {
  test('null is as good as left out', () => {
    const written = {
      ...config,
      config: { Cmd: null, Volumes: null, ExposedPorts: { '80/tcp': null } },
      rootfs: { type: 'layers', diff_ids: null },
      history: null,
    };
    const read = parseConfig(Buffer.from(JSON.stringify(written)), 'x');
    expect(read.config).toEqual({ ExposedPorts: { '80/tcp': {} } });
    expect(read.rootfs.diff_ids).toEqual([]);
  });

  test('what we do not know is kept', () => {
    const written = {
      ...config,
      config: { MacAddress: 'x' },
      rootfs: { type: 'layers', diff_ids: [] },
      'os.version': '1',
    };
    expect(parseConfig(Buffer.from(JSON.stringify(written)), 'x')).toMatchObject({
      config: { MacAddress: 'x' },
      'os.version': '1',
    });
  });

  test('an entry of an index that we cannot read does not spoil the others', () => {
    const good = {
      mediaType: 'm',
      digest: digestOf('x'),
      size: 1,
      platform: { os: 'linux', architecture: 'amd64' },
    };
    const manifests = [{ digest: 'sha512:00' }, good];
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
    expect(parseManifest(Buffer.from(JSON.stringify(index)), undefined, 'x')).toMatchObject({
      index: { manifests: [good] },
    });
  });
});
