import { existsSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuildOptions, build } from '../../../lib/build/build.ts';
import { RemoteCache } from '../../../lib/build/cache/remote-cache.ts';
import type { Saved } from '../../../lib/build/cache/save.ts';
import { findToolchain } from '../../../lib/build/go/toolchain.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const TAG = 'fairlead-cache-test';
const toolchain = findToolchain(process.env);

let folder: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-cache-'));
  registry = await startRegistry({ stateDir: join(folder, 'registry') });
});
afterEach(async () => {
  await registry.close();
  removeTree(folder);
});

interface Run {
  digest: string;
  events: ProgressEvent[];
  /** Of the image. */
  uploaded: number;
  saved: Saved | undefined;
}

/** Builds and publishes as the handler does, on the machine whose disk is `cacheDir`. */
async function run(cacheDir: string, context: string, options: Partial<BuildOptions> = {}): Promise<Run> {
  const registries = new Registries();
  const repository = `${registry.host}/app`;
  const place = { artifacts: registries.artifacts(repository), tag: TAG };
  const remoteCache = new RemoteCache({ from: [place], to: place });
  const events: ProgressEvent[] = [];
  const image = await build({
    context,
    cacheDir,
    registries,
    remoteCache,
    onProgress: (event) => events.push(event),
    ...(toolchain === undefined ? {} : { toolchain }),
    ...options,
  });
  const publishing = registries.publish(image, repository, ['v1']);
  const [published, saved] = await Promise.all([publishing, remoteCache.save(publishing)]);
  return { digest: image.digest, events, uploaded: published.uploadedBytes, saved };
}

const notices = ({ events }: Run) => events.flatMap((one) => (one.type === 'notice' ? [one.message] : []));

const FILES = {
  Dockerfile: 'FROM scratch\nCOPY a /a\nWORKDIR /w\nCOPY b .\nCMD ["/a"]',
  a: 'text of a',
  b: 'text of b',
};

describe('a cache in the registry', () => {
  it('lets another machine do nothing for the same commit, and send nothing', async () => {
    const context = scratch.context(FILES);
    const first = await run(scratch.directory(), context);
    expect(notices(first)).toEqual([]);
    expect(first.saved?.sentBytes).toBeGreaterThan(0);
    const other = scratch.directory();
    const second = await run(other, context);
    expect(second.digest).toBe(first.digest);
    expect(steps(second.events).slice(1)).toEqual([
      'COPY a /a (cached)',
      'WORKDIR /w (cached)',
      'COPY b . (cached)',
    ]);
    expect([second.uploaded, second.saved?.sentBytes]).toEqual([0, 0]);
    expect(existsSync(join(other, 'blobs', 'sha256'))).toBe(false);
  });

  it('reads nothing without the cache, and keeps what it made all the same', async () => {
    const context = scratch.context(FILES);
    await run(scratch.directory(), context);
    const second = await run(scratch.directory(), context, { noCache: true });
    expect(steps(second.events).join()).not.toContain('cached');
    expect(second.saved?.entries).toBeGreaterThan(3);
  });
});

const GO_FILES = {
  Dockerfile: [
    'FROM golang:1 AS build',
    'WORKDIR /src',
    'COPY go.mod .',
    'RUN go mod download',
    'COPY . .',
    'RUN go build -x -o /app .',
    'FROM scratch',
    'COPY --from=build /app /app',
  ].join('\n'),
  'go.mod': 'module example.com/app\n\ngo 1.19\n',
  'main.go': 'package main\n\nimport "example.com/app/other"\n\nfunc main() { println(other.Text) }\n',
  'other/other.go': 'package other\n\nconst Text = "one"\n',
};

describe.skipIf(toolchain === undefined)('Go on another machine', () => {
  // The path of the cache directory is in Go's keys: machines of one kind have the same.
  const compiled = ({ events }: Run) =>
    events.flatMap((one) => (one.type === 'output' && /\/compile /.test(one.text) ? [one.text] : []));

  it('finds all steps done, without Go and without its caches', async () => {
    const disk = join(folder, 'disk');
    const context = scratch.context(GO_FILES);
    const first = await run(disk, context);
    expect(compiled(first).length).toBeGreaterThan(1);
    renameSync(disk, join(folder, 'first'));
    const second = await run(disk, context);
    expect(second.digest).toBe(first.digest);
    expect(compiled(second)).toEqual([]);
    expect(
      steps(second.events).filter((step) => !step.startsWith('FROM') && !step.endsWith('(cached)')),
    ).toEqual([]);
    expect([second.uploaded, second.saved?.sentBytes]).toEqual([0, 0]);
    // Not even what was made is on this disk: its hash is enough.
    expect(existsSync(join(disk, 'files'))).toBe(false);
  });

  it('compiles what a change concerns, and nothing else', async () => {
    const disk = join(folder, 'disk');
    await run(disk, scratch.context(GO_FILES));
    renameSync(disk, join(folder, 'first'));
    const changed = {
      ...GO_FILES,
      'main.go': GO_FILES['main.go'].replace('other.Text', '"two", other.Text'),
    };
    const second = await run(disk, scratch.context(changed));
    // There is no registry, which is told of the golang base, and nothing else.
    expect(notices(second).filter((told) => !told.startsWith('golang:1 was not looked up'))).toEqual([]);
    expect(compiled(second)).toHaveLength(1);
    expect(second.saved?.sentBytes).toBeLessThan(2_000_000);
    renameSync(disk, join(folder, 'second'));
    const third = await run(
      disk,
      scratch.context({ ...changed, 'main.go': `${changed['main.go']}\n// three\n` }),
    );
    expect(compiled(third)).toHaveLength(1);
  });
});

describe('keeping the cache', () => {
  it('ends with its signal, and the cache before it stays', async () => {
    const context = scratch.context(FILES);
    const registries = new Registries();
    const place = { artifacts: registries.artifacts(`${registry.host}/app`), tag: TAG };
    const remoteCache = new RemoteCache({ from: [place], to: place });
    const notices: string[] = [];
    const onProgress = (event: ProgressEvent) => event.type === 'notice' && notices.push(event.message);
    await build({ context, cacheDir: scratch.directory(), registries, remoteCache, onProgress });
    const never = new Promise(() => {});
    const late = AbortSignal.timeout(100);
    expect(await remoteCache.save(never, late)).toBeUndefined();
    expect(notices.join()).toMatch(/the cache is not kept this time/);
    expect(await place.artifacts.find(TAG)).toBeUndefined();
  });
});
