import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheScope } from '../../../lib/build/cache/scope.ts';
import { findToolchain } from '../../../lib/build/go/toolchain.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import { openCache } from '../../../lib/build/run/mounts/caches.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { buildCommit } from '../../../lib/engine/commit.ts';
import type { BuildEvent } from '../../../lib/engine/types.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const toolchain = findToolchain(process.env);
const RUN = 'RUN go version && touch /made';

let folder: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-scope-'));
  registry = await startRegistry({ stateDir: join(folder, 'registry') });
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM golang:1.0 AS make\n${RUN}\nFROM scratch\nCOPY --from=make /made /\n`,
  );
});
afterEach(async () => {
  await registry.close();
  removeTree(folder);
});

/** Builds as the engines do, for an environment of this name, on the machine whose disk is `cacheDir`. */
async function wasCached(name: string | undefined, cacheDir: string): Promise<boolean> {
  const events: BuildEvent[] = [];
  const environment = name === undefined ? {} : { environment: { name, namespace: name } };
  await buildCommit(
    { directory: folder },
    { publishTo: `${registry.host}/app`, tags: ['v1'], ...environment },
    { registries: new Registries(), cacheDir, ...(toolchain === undefined ? {} : { toolchain }) },
    (event) => events.push(event),
  );
  return steps(events as ProgressEvent[]).includes(`${RUN} (cached)`);
}

const cacheTags = async () =>
  (await new Registries().tags(`${registry.host}/app`, AbortSignal.timeout(5_000))).filter((tag) =>
    tag.startsWith('fairlead-cache-'),
  );

describe.skipIf(toolchain === undefined)('what a RUN left in a build for a preview', () => {
  it('is taken on the same machine by that preview, and neither by production nor by other previews', async () => {
    const disk = scratch.directory();
    expect(await wasCached('preview-a', disk)).toBe(false);
    expect(await wasCached('preview-a', disk)).toBe(true);
    expect(await wasCached('preview-b', disk)).toBe(false);
    expect(await wasCached('production', disk)).toBe(false);
  });

  it('is taken from the registry by that preview, and neither by production nor by other previews', async () => {
    expect(await wasCached('preview-a', scratch.directory())).toBe(false);
    const { architecture } = machinePlatform();
    expect(await cacheTags()).toEqual([`fairlead-cache-linux-${architecture}-of.preview-a`]);
    expect(await wasCached('preview-a', scratch.directory())).toBe(true);
    expect(await wasCached('preview-b', scratch.directory())).toBe(false);
    expect(await wasCached('production', scratch.directory())).toBe(false);
  });

  it('is production’s where that has it, here and in the registry', async () => {
    const disk = scratch.directory();
    expect(await wasCached('production', disk)).toBe(false);
    expect(await wasCached('preview-a', disk)).toBe(true);
    expect(await wasCached('preview-a', scratch.directory())).toBe(true);
    expect(await wasCached(undefined, scratch.directory())).toBe(true);
  });
});

it('a cache mount of a preview is a directory of its own', async () => {
  const store = new Store(scratch.directory());
  const open = async (name: string | undefined) => {
    const scope = name === undefined ? undefined : cacheScope({ name });
    const { directory, release } = await openCache({
      mount: { type: 'cache', target: '/npm', readOnly: false, sharing: 'shared' },
      id: 'npm',
      store,
      as: 'user',
      onWait: () => {},
      ...(scope === undefined ? {} : { scope }),
    });
    release();
    return directory;
  };
  writeFileSync(join(await open('preview-a'), 'poison'), '');
  expect(existsSync(join(await open('preview-a'), 'poison'))).toBe(true);
  for (const name of ['production', undefined, 'preview-b'])
    expect(existsSync(join(await open(name), 'poison'))).toBe(false);
  expect(await open('production')).toBe(await open(undefined));
});
