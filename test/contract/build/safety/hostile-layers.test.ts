import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from '../../../../lib/build/build.ts';
import { FairleadError } from '../../../../lib/errors.ts';
import { assembleImage } from '../../../../lib/image/assemble.ts';
import { machinePlatform } from '../../../../lib/image/platform.ts';
import type { Digest, Image, Layer } from '../../../../lib/image/types.ts';
import { registryOf, Scratch } from '../../../unit/build/support.ts';
import { makeCanary, stateOf } from './canary.ts';
import { type RawMember, rawTar } from './raw-tar.ts';

const why =
  process.getuid?.() !== 0
    ? 'stages are unpacked by root'
    : existsSync('/bin/busybox')
      ? undefined
      : 'busybox is missing';

const DOCKERFILE = `FROM base
COPY a.txt /a/b/
COPY a.txt /l/
WORKDIR /l/w
RUN ["/shell", "echo x > /l/x; mkdir -p /a/y; rm -rf /b; true"]
`;

describe.skipIf(why !== undefined)(`layers of a hostile base${why ? ` (skipped: ${why})` : ''}`, () => {
  const scratch = new Scratch();
  afterAll(() => scratch.close());
  const canary = makeCanary(scratch.directory());
  const before = stateOf(canary);
  const context = scratch.context({ 'a.txt': 'a', Dockerfile: DOCKERFILE });
  const cacheDir = scratch.directory();
  const up = '../'.repeat(24);
  const sh: RawMember = { name: 'shell', type: 'file', bytes: readFileSync('/bin/busybox') };

  function imageOf(layers: readonly RawMember[][]): Image {
    const config = { ...machinePlatform(), config: { Env: ['PATH=/'] } };
    return assembleImage({ config, layers: layers.map((members) => layerOf(rawTar(members))) });
  }

  /** What came of it: built, or the code of the error. */
  async function attempt(layers: readonly RawMember[][], engine: 'function' | 'sandbox'): Promise<string> {
    const registries = registryOf({
      'docker.io/library/base:latest': imageOf(layers),
      base: imageOf(layers),
    });
    const dockerfileText = engine === 'sandbox' ? DOCKERFILE : DOCKERFILE.split('\n').slice(0, 4).join('\n');
    return build({ context, cacheDir, registries, engines: [engine], dockerfileText }).then(
      () => 'built',
      (error: unknown) => {
        if (error instanceof FairleadError) return error.code;
        throw error;
      },
    );
  }

  it.each<[string, RawMember[][]]>([
    ['..', [[{ name: `${up}${canary}/new`, type: 'file' }]]],
    ['an absolute path', [[{ name: `${canary}/new`, type: 'file' }]]],
    [
      'a symlink',
      [
        [
          { name: 'l', type: 'symlink', link: canary },
          { name: 'l/new', type: 'file' },
        ],
      ],
    ],
    [
      'a relative symlink',
      [
        [
          { name: 'l', type: 'symlink', link: `${up}${canary}` },
          { name: 'l/a/keep', type: 'file' },
        ],
      ],
    ],
    [
      'a symlink of a lower layer',
      [[{ name: 'l', type: 'symlink', link: canary }], [{ name: 'l/b', type: 'symlink', link: 'x' }]],
    ],
    [
      'a hard link',
      [
        [
          { name: 'h', type: 'hardlink', link: `${canary}/keep` },
          { name: 'h', type: 'file', bytes: Buffer.from('x') },
        ],
      ],
    ],
    ['a hard link that climbs', [[{ name: 'h', type: 'hardlink', link: `${up}${canary}/keep` }]]],
    [
      'a hard link by a symlink',
      [
        [
          { name: 'l', type: 'symlink', link: canary },
          { name: 'h', type: 'hardlink', link: 'l/keep' },
        ],
      ],
    ],
    ['a whiteout that climbs', [[], [{ name: `${up}${canary}/.wh.keep`, type: 'file' }]]],
    [
      'a whiteout by a symlink',
      [[{ name: 'l', type: 'symlink', link: canary }], [{ name: 'l/.wh.keep', type: 'file' }]],
    ],
    ['a whiteout of ..', [[], [{ name: 'a/.wh...', type: 'file' }]]],
    [
      'an opaque directory by a symlink',
      [[{ name: 'l', type: 'symlink', link: canary }], [{ name: 'l/.wh..wh..opq', type: 'file' }]],
    ],
    [
      'a directory that became a symlink',
      [
        [{ name: 'a/b/keep', type: 'file' }],
        [
          { name: 'a', type: 'symlink', link: canary },
          { name: 'a/keep', type: 'file' },
        ],
      ],
    ],
    [
      'the mode of a directory behind a symlink',
      [
        [
          { name: 'l', type: 'symlink', link: canary },
          { name: 'l/a', type: 'directory', mode: 0o777 },
        ],
      ],
    ],
  ])(
    'write nothing outside by %s',
    async (_by, layers) => {
      for (const engine of ['sandbox', 'function'] as const)
        await attempt([[sh, ...(layers[0] ?? [])], ...layers.slice(1)], engine);
      expect(stateOf(canary)).toBe(before);
    },
    60_000,
  );

  // What climbs is refused at once, so that there is little of it.
  const part = fc.oneof(
    {
      weight: 40,
      arbitrary: fc.constantFrom('a', 'a', 'b', 'l', 'l', 'keep', '.wh.a', '.wh.l', '.wh..wh..opq', 'w'),
    },
    { weight: 1, arbitrary: fc.constantFrom('..', '.', '', '.wh...') },
  );
  const path = fc.oneof(
    { weight: 20, arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')) },
    fc.constantFrom(`${up}${canary}/a`, `${canary}/keep`, `/${canary}`, `a/${up}${canary}/b`),
  );
  const member: fc.Arbitrary<RawMember> = fc.record(
    {
      name: path,
      type: fc.constantFrom(
        'file',
        'directory',
        'symlink',
        'symlink',
        'hardlink',
        'character',
        'block',
        'fifo',
      ),
      link: fc.oneof(path, fc.constantFrom(canary, `${up}${canary}`, '/', '..', '.')),
      mode: fc.constantFrom(0o755, 0o4777, 0, 0o644),
    },
    { requiredKeys: ['name', 'type', 'link'] },
  );

  it('write nothing outside, whatever they hold', async () => {
    const layers = fc.array(fc.array(member, { maxLength: 6 }), { minLength: 1, maxLength: 3 });
    const outcomes = new Map<string, number>();
    const property = fc.asyncProperty(
      layers,
      fc.constantFrom('sandbox', 'function'),
      async (given, engine) => {
        const outcome = await attempt([[sh], ...given], engine as 'sandbox');
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(stateOf(canary)).toBe(before);
      },
    );
    await fc.assert(property, {
      numRuns: Number(process.env.FUZZ_RUNS ?? 60),
      interruptAfterTimeLimit: 90_000,
    });
    // Else nothing was unpacked, and so nothing tested.
    expect(outcomes.get('built')).toBeGreaterThan(0);
  }, 200_000);
});

function layerOf(bytes: Buffer): Layer {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  return {
    descriptor: { mediaType, digest, size: bytes.length },
    diffID: digest,
    open: async () => Readable.from([bytes]),
  };
}
