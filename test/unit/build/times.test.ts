import { linkSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../lib/build/build.ts';
import { probeSandbox } from '../../../lib/sandbox/ability.ts';
import { baseWithShell } from './shell-base.ts';
import { buildFiles, registryOf, Scratch, timesIn } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const ability = await probeSandbox(scratch.root);

const [FIRST, LAST] = [Date.UTC(2020, 0) / 1000, Date.UTC(2025, 0) / 1000];

async function make(files: Record<string, string>, dockerfile: string, options: Partial<BuildOptions> = {}) {
  const { image } = await buildFiles(scratch, { ...files, Dockerfile: dockerfile }, options);
  return image;
}

describe('the times in a layer', () => {
  const SITE = 'FROM scratch AS made\nCOPY . /out/\nFROM scratch\nCOPY --from=made /out /www/\n';
  const page = (script: string) => ({ 'index.html': `<script src=${script}.js>`, 'same.css': 'b {}' });

  it('are others for other bytes of the same length, and the same for the same', async () => {
    const before = await timesIn(await make(page('a'), SITE));
    const after = await timesIn(await make(page('b'), SITE));
    expect(after['www/index.html']).not.toBe(before['www/index.html']);
    const { 'www/index.html': changed = 0, ...same } = after;
    expect(before).toMatchObject({ ...same, 'www/Dockerfile': expect.any(Number) });
    // Zip archives have no earlier times than 1980, and nothing was made in the future.
    expect(changed).toBeGreaterThanOrEqual(FIRST);
    expect(changed).toBeLessThan(LAST);
    expect(after.www).toBe(FIRST);
  });

  it('are the same whoever builds, and so is the layer of files that did not change', async () => {
    const [one, other] = [await make(page('a'), SITE), await make(page('a'), SITE)];
    expect(other.digest).toBe(one.digest);
    const split = 'FROM scratch\nCOPY same.css /\nCOPY index.html /\n';
    const [before, after] = [await make(page('a'), split), await make(page('b'), split)];
    expect(after.layers[0]?.descriptor.digest).toBe(before.layers[0]?.descriptor.digest);
    expect(after.layers[1]?.descriptor.digest).not.toBe(before.layers[1]?.descriptor.digest);
  });

  it('are one for all names of a file, and for what is no file', async () => {
    const context = scratch.context({ a: 'a', link: '-> a', Dockerfile: 'FROM scratch\nCOPY . /d/\n' });
    linkSync(`${context}/a`, `${context}/b`);
    const { image } = await buildFiles(scratch, {}, { context });
    const times = await timesIn(image);
    expect(times['d/b']).toBe(times['d/a']);
    expect(times['d/link']).toBe(FIRST);
  });

  it('are those of SOURCE_DATE_EPOCH where it is given, 1970 too', async () => {
    for (const SOURCE_DATE_EPOCH of ['0', '1700000000']) {
      const times = await timesIn(await make(page('a'), SITE, { buildArgs: { SOURCE_DATE_EPOCH } }));
      expect(new Set(Object.values(times))).toEqual(new Set([Number(SOURCE_DATE_EPOCH)]));
    }
  });

  it('stay 1970 beside a stage of Go, whose server then lets nobody keep a page', async () => {
    const dockerfile = `FROM golang:1 AS build\nWORKDIR /src\nCOPY . .\nRUN mkdir /out && cp index.html /out/\nFROM scratch\nCOPY --from=build /out /www/\n`;
    const times = await timesIn(await make(page('a'), dockerfile));
    expect(times).toEqual({ www: 0, 'www/index.html': 0 });
  });
});

describe.skipIf(!ability.able)('the times of what a RUN made', () => {
  it('are made of its bytes too, in the layer and when it is copied on', { timeout: 60_000 }, async () => {
    const registries = registryOf({ base: await baseWithShell(scratch) });
    const cacheDir = scratch.directory();
    const run = (word: string) => make({}, `FROM base\nRUN ${word}\n`, { registries, cacheDir });
    const copied = (word: string) =>
      make({}, `FROM base AS b\nRUN ${word}\nFROM scratch\nCOPY --from=b /ran /www/\n`, {
        registries,
        cacheDir,
      });
    const [one, other] = [await timesIn(await run('one')), await timesIn(await run('two'))];
    expect(one.ran).not.toBe(other.ran);
    expect((await timesIn(await copied('one')))['www/ran']).toBe(one.ran);
    const fresh = await make({}, `FROM base\nRUN one\n`, { registries });
    expect(fresh.digest).toBe((await run('one')).digest);
  });
});
