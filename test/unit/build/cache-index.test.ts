import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundIndex, joinIndexes } from '../../../lib/build/cache/bound.ts';
import { blobsOf, type CacheIndex, parseIndex, renderIndex } from '../../../lib/build/cache/index.ts';
import { cacheTag } from '../../../lib/build/cache/tag.ts';
import type { Digest } from '../../../lib/image/types.ts';

const NOW = 2_000_000;
const digests = Array.from({ length: 12 }, (_, at): Digest => `sha256:${String(at).padStart(64, '0')}`);
const digest = fc.constantFrom(...digests);
const usedAt = fc.integer({ min: NOW - 1_500_000, max: NOW });
const index: fc.Arbitrary<CacheIndex> = fc.record({
  version: fc.constant(1 as const),
  entries: fc
    .array(
      fc.tuple(
        fc.constantFrom('steps/a', 'steps/b', 'layers/c', 'bases/d'),
        fc.record({ usedAt, blob: digest, layers: fc.array(digest, { maxLength: 3 }) }),
      ),
    )
    .map((all) => new Map(all)),
  packs: fc.uniqueArray(
    fc.record({ folder: fc.constantFrom('go-build', 'go-mod'), digest, bytes: fc.nat(), usedAt }),
    { selector: ({ folder, digest: one }) => `${folder} ${one}` },
  ),
  diffIDs: fc.constant(new Map(digests.map((one) => [one, one] as const))),
});
const blobs = fc
  .array(fc.nat({ max: 100 }), { minLength: digests.length, maxLength: digests.length })
  .map(
    (sizes) =>
      new Map(digests.map((one, at) => [one, { mediaType: 'x', digest: one, size: sizes[at] ?? 0 }])),
  );

describe('an index', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(index, blobs, (written, all) => {
        expect(parseIndex(renderIndex(written), all)).toEqual(written);
      }),
    );
  });

  it('never comes to more bytes than its limit, and has all that its entries need', () => {
    fc.assert(
      fc.property(index, blobs, fc.nat({ max: 1000 }), (all, sizes, limit) => {
        const bounded = boundIndex(all, sizes, limit, NOW);
        const needed = [...blobsOf(bounded)];
        expect(needed.reduce((sum, one) => sum + (sizes.get(one)?.size ?? 0), 0)).toBeLessThanOrEqual(limit);
        for (const one of needed) expect(bounded.diffIDs.has(one)).toBe(true);
        for (const { usedAt: at } of bounded.entries.values()) expect(NOW - at).toBeLessThan(15 * 24 * 3600);
      }),
    );
  });

  it('keeps the youngest when not all have room', () => {
    const entry = (at: number, of: Digest) => ({ usedAt: at, layers: [of] });
    const [a, b] = digests as [Digest, Digest];
    const all: CacheIndex = {
      version: 1,
      entries: new Map([
        ['steps/old', entry(NOW - 10, a)],
        ['steps/young', entry(NOW - 5, b)],
      ]),
      packs: [],
      diffIDs: new Map(),
    };
    const sizes = new Map([a, b].map((one) => [one, { size: 10 }]));
    expect([...boundIndex(all, sizes, 15, NOW).entries.keys()]).toEqual(['steps/young']);
  });

  it('has of two builds what either has, as it was used last', () => {
    fc.assert(
      fc.property(index, index, (one, other) => {
        const joined = joinIndexes(one, other);
        for (const [name, { usedAt: at }] of [...one.entries, ...other.entries])
          expect(joined.entries.get(name)?.usedAt).toBeGreaterThanOrEqual(at);
      }),
    );
  });
});

describe('a tag', () => {
  it('says the platform, and the branch where there is one', () => {
    const arm = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    expect(cacheTag(arm)).toBe('fairlead-cache-linux-arm64');
    expect(cacheTag(arm, 'main')).toBe('fairlead-cache-linux-arm64-main');
  });

  it('is one that registries take, and another one for every branch', () => {
    const amd = { os: 'linux', architecture: 'amd64' };
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(cacheTag(amd, one)).toMatch(/^\w[\w.-]{0,127}$/);
        fc.pre(one !== other);
        expect(cacheTag(amd, one)).not.toBe(cacheTag(amd, other));
      }),
    );
  });
});
