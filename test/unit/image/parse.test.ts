import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairleadError } from '../../../lib/errors.ts';
import { canonicalJson } from '../../../lib/image/json.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../lib/image/media-types.ts';
import { parseConfig, parseManifest } from '../../../lib/image/parse.ts';

const digest = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 })
  .map((digits) => `sha256:${digits.join('')}`);
const maybe = <T>(good: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: good }, fc.jsonValue());
const descriptor = fc.record({
  mediaType: maybe(fc.string()),
  digest: maybe(digest),
  size: maybe(fc.nat()),
  annotations: maybe(fc.dictionary(fc.string(), fc.string())),
});
const manifest = fc.record(
  {
    schemaVersion: maybe(fc.constant(2)),
    mediaType: maybe(fc.constantFrom(OCI_MANIFEST, OCI_INDEX)),
    config: maybe(descriptor),
    layers: maybe(fc.array(descriptor)),
    manifests: maybe(fc.array(descriptor)),
  },
  { requiredKeys: [] },
);
const config = fc.record(
  {
    os: maybe(fc.string()),
    architecture: maybe(fc.string()),
    config: maybe(
      fc.dictionary(fc.constantFrom('Env', 'Cmd', 'User', 'Labels', '__proto__', 'x'), fc.jsonValue()),
    ),
    rootfs: maybe(fc.record({ type: fc.constant('layers'), diff_ids: maybe(fc.array(digest)) })),
    history: maybe(fc.array(fc.object())),
  },
  { requiredKeys: [] },
);

/** Reads, or says in one error of ours what is wrong; whatever else is thrown fails the test. */
function readsOrRefuses(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(FairleadError);
    expect((error as FairleadError).code).toMatch(/^image\/(bad|unsupported)-manifest$/);
    return undefined;
  }
}

describe('what a registry answers', () => {
  test('is read as a manifest, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(manifest, fc.jsonValue()), fc.string(), (json, type) => {
        const read = readsOrRefuses(() => parseManifest(Buffer.from(JSON.stringify(json)), type, 'here'));
        if (read === undefined) return;
        const { kind } = read as ReturnType<typeof parseManifest>;
        expect(['manifest', 'index']).toContain(kind);
        canonicalJson(read);
      }),
    );
  });

  test('is read as a config, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(config, fc.jsonValue()), (json) => {
        const read = readsOrRefuses(() => parseConfig(Buffer.from(JSON.stringify(json)), 'here'));
        if (read === undefined) return;
        expect(Array.isArray((read as ReturnType<typeof parseConfig>).rootfs.diff_ids)).toBe(true);
        canonicalJson(read);
      }),
    );
  });

  test('is refused when it is bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        readsOrRefuses(() => parseManifest(bytes, OCI_MANIFEST, 'here'));
        readsOrRefuses(() => parseConfig(bytes, 'here'));
      }),
    );
  });

  test.each([1_000, 200_000])('is refused when it is %i levels deep', (levels) => {
    const deep = `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers"},"x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(() => parseConfig(Buffer.from(deep), 'here')).toThrow(/bearable depth/);
    const objects = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(() => parseManifest(Buffer.from(objects), OCI_MANIFEST, 'here')).toThrow(FairleadError);
  });

  test('is refused by name when it is of schema 1', () => {
    const old = { schemaVersion: 1, name: 'library/x', fsLayers: [] };
    const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    expect(() => parseManifest(Buffer.from(JSON.stringify(old)), type, 'here')).toThrow(
      /manifest.v1\+prettyjws/,
    );
  });
});
