import { afterAll, describe, expect, it } from 'vitest';
import { buildPlatforms } from '../../../lib/build/platforms.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import { filesOf, Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const amd64 = { os: 'linux', architecture: 'amd64' };
const armV7 = { os: 'linux', architecture: 'arm', variant: 'v7' };

describe('buildPlatforms', () => {
  const context = scratch.context({
    'a.txt': 'a',
    Dockerfile: `FROM --platform=$BUILDPLATFORM scratch AS shared
COPY a.txt /shared
FROM scratch
ARG TARGETPLATFORM
LABEL for=$TARGETPLATFORM
COPY --from=shared /shared /from-$TARGETPLATFORM`,
  });

  async function built(noCache = false) {
    const events: ProgressEvent[] = [];
    const index = await buildPlatforms({
      context,
      platforms: [armV7, amd64],
      cacheDir: scratch.directory(),
      registries: { resolve: async () => Promise.reject(new Error('no registry')) },
      onProgress: (event) => events.push(event),
      noCache,
      indexAnnotations: { a: 'index' },
      annotations: { a: 'manifest' },
    });
    return { index, events };
  }

  it('answers an index with an image for each platform, in the order that was asked for', async () => {
    const { index } = await built();
    expect(index.index).toMatchObject({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ platform: armV7 }, { platform: amd64 }],
      annotations: { a: 'index' },
    });
    const [arm, amd] = index.images;
    expect(arm?.config).toMatchObject({ ...armV7, config: { Labels: { for: 'linux/arm/v7' } } });
    expect(arm?.manifest.annotations).toEqual({ a: 'manifest' });
    expect(Object.keys(await filesOf(arm as never))).toContain('from-linux/arm/v7');
    expect(Object.keys(await filesOf(amd as never))).toContain('from-linux/amd64');
  });

  it('does what the platforms share once, also when it may use no cache', async () => {
    for (const noCache of [false, true]) {
      const { events } = await built(noCache);
      expect(steps(events).filter((step) => step.startsWith('COPY a.txt'))).toEqual([
        'COPY a.txt /shared',
        'COPY a.txt /shared (cached)',
      ]);
    }
  });

  it('tells each stage with its platform', async () => {
    const { events } = await built();
    const stages = new Set(events.flatMap((event) => ('stage' in event ? [event.stage] : [])));
    expect([...stages]).toEqual([
      'linux/arm/v7 shared',
      'linux/arm/v7 stage-1',
      'linux/amd64 shared',
      'linux/amd64 stage-1',
    ]);
  });

  it('has the same digest each time', async () => {
    expect((await built()).index.digest).toBe((await built()).index.digest);
  });
});
