import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import tar from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import type { SharedFolder } from '../../../lib/build/cache/folders.ts';
import { goFolders } from '../../../lib/build/cache/folders.ts';
import { emptyIndex, parseIndex, renderIndex } from '../../../lib/build/cache/index.ts';
import { unpackPack } from '../../../lib/build/cache/pack.ts';
import { RemoteCache } from '../../../lib/build/cache/remote-cache.ts';
import { SHARED_RECORDS } from '../../../lib/build/cache/schemas.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { buildFiles, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const GOOD_ACTION = (id: string, output: string) =>
  `v1 ${id} ${output} ${'5'.padStart(20)} ${'1'.padStart(20)}\n`;

async function packOf(files: Record<string, string | Partial<tar.Header>>): Promise<Readable> {
  const pack = tar.pack();
  for (const [name, what] of Object.entries(files)) {
    if (typeof what === 'string') pack.entry({ name }, what);
    else pack.entry({ ...what, name });
  }
  pack.finalize();
  return Readable.from([zstdCompressSync(await buffer(pack))], { objectMode: false });
}

function goBuild(): SharedFolder {
  const [folder] = goFolders(new Store(scratch.directory()));
  return folder as SharedFolder;
}

const ID = 'ab'.padEnd(64, '0');

describe('a pack', () => {
  const LINK = (type: 'symlink' | 'link', linkname: string) => ({ type, linkname });

  it.each<[string, Record<string, string | Partial<tar.Header>>]>([
    ['leads out', { '../x': 'x' }],
    ['leads out from the root', { '/etc/x': 'x' }],
    ['is a symlink', { [`ab/${ID}-a`]: LINK('symlink', '/etc') }],
    ['is a hardlink', { [`ab/${ID}-a`]: LINK('link', '/etc/passwd') }],
    ['is no entry of the folder', { 'trim.txt': 'x' }],
    ['is in the wrong directory', { [`cd/${ID}-d`]: 'x' }],
    ['is an output of another hash', { [`ab/${ID}-d`]: 'x' }],
    ['is an action of another name', { [`ab/${ID}-a`]: GOOD_ACTION('cd'.padEnd(64, '0'), ID) }],
    ['is no action', { [`ab/${ID}-a`]: 'v1 nonsense' }],
  ])('that holds what %s leaves nothing behind', async (_what, files) => {
    const folder = goBuild();
    const all = { [`00/${'0'.repeat(64)}-a`]: GOOD_ACTION('0'.repeat(64), ID), ...files };
    const staging = join(scratch.directory(), 'staging');
    await expect(unpackPack(await packOf(all), folder, staging, 1e6)).rejects.toThrow(/cache/);
    expect(() => readdirSync(folder.root)).toThrow(/ENOENT/);
    expect(() => readdirSync(staging)).toThrow(/ENOENT/);
  });

  it('that is larger than it says is broken off', async () => {
    const folder = { ...goBuild(), holds: () => true };
    const staging = join(scratch.directory(), 'staging');
    const bomb = packOf({ zeros: '\0'.repeat(5e6) });
    await expect(unpackPack(await bomb, folder, staging, 1e6)).rejects.toThrow(/more than 1000000 bytes/);
  });

  it('is checked by what its names say, however large it is', async () => {
    const large = '\0'.repeat(65 * 1024 ** 2);
    const right = createHash('sha256').update(large).digest('hex');
    const unpack = async (id: string) => {
      const folder = goBuild();
      const pack = await packOf({ [`${id.slice(0, 2)}/${id}-d`]: large });
      await unpackPack(pack, folder, join(scratch.directory(), 's'), 1e8);
      return readdirSync(folder.root);
    };
    expect(await unpack(right)).toEqual([right.slice(0, 2)]);
    await expect(unpack(ID)).rejects.toThrow(/is not what its name says/);
  });

  it('of modules leaves it to Go to compare them with go.sum', async () => {
    const [, folder] = goFolders(new Store(scratch.directory())) as [SharedFolder, SharedFolder];
    const at = 'example.com/x/@v/v1.0.0';
    const files = { [`${at}.zip`]: 'PK', [`${at}.ziphash`]: 'h1:x', [`${at}.info`]: '{"Version":"v1.0.0"}' };
    await unpackPack(await packOf(files), folder, join(scratch.directory(), 's'), 1e6);
    // With the hash of a zip beside it, Go takes the zip as it is.
    expect(readdirSync(join(folder.root, 'example.com/x/@v')).sort()).toEqual(['v1.0.0.info', 'v1.0.0.zip']);
    expect(folder.holds(`${at}.ziphash`)).toBe(false);
    const other = await packOf({ [`${at.replace('x', 'y')}.info`]: 'no version' });
    await expect(unpackPack(other, folder, join(scratch.directory(), 's'), 1e6)).rejects.toThrow(
      /not what its name/,
    );
  });

  it('is unpacked where its entries are sound', async () => {
    const folder = goBuild();
    const files = { [`00/${'0'.repeat(64)}-a`]: GOOD_ACTION('0'.repeat(64), ID) };
    await unpackPack(await packOf(files), folder, join(scratch.directory(), 's'), 1e6);
    expect(readdirSync(folder.root)).toEqual(['00']);
  });
});

describe('an index', () => {
  it('is read or refused, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const read = parseIndex(Buffer.from(text), new Map());
        expect(read === undefined || read.entries.size === 0).toBe(true);
      }),
    );
  });

  it('leaves out what needs blobs that are not there', () => {
    const index = emptyIndex();
    index.entries.set('steps/a', { usedAt: 1, record: [], places: [], layers: [`sha256:${ID}`] });
    expect(parseIndex(renderIndex(index), new Map())?.entries.size).toBe(0);
  });

  it.each(['../x', '/x', 'a/../../b', 'a//b', 'a\0b', '.', ''])('does not believe a step at %j', (path) => {
    const step = SHARED_RECORDS.steps;
    expect(step?.safeParse([[path]]).success).toBe(false);
    expect(step?.safeParse([['a/b']]).success).toBe(true);
  });
});

describe('a step', () => {
  const own = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 5 };
  const isBelieved = (node: object) => SHARED_RECORDS.steps?.safeParse([['a', node]]).success;

  it('is believed where it is what the builder writes', () => {
    expect(isBelieved({ ...own, type: 'directory' })).toBe(true);
    expect(isBelieved({ ...own, type: 'file', sha: ID, hardlink: 'b', capability: 'AAAA' })).toBe(true);
    expect(isBelieved({ ...own, type: 'other', special: { kind: 'fifo' } })).toBe(true);
    expect(isBelieved({ ...own, type: 'other', special: { kind: 'block', major: 8, minor: 0 } })).toBe(true);
  });

  it.each<[string, object]>([
    ['a file of this machine', { type: 'file', sha: ID, content: { from: 'disk', file: '/etc/passwd' } }],
    ['the same without a hash', { type: 'file', content: { from: 'disk', file: '/etc/passwd' } }],
    ['a file that nothing is known of', { type: 'file' }],
    ['a device of no kind', { type: 'other', special: 'block' }],
    ['a device without numbers', { type: 'other', special: { kind: 'block', major: '8; rm', minor: 0 } }],
    ['a capability that is none', { type: 'file', sha: ID, capability: '§' }],
  ])('is not believed that brings %s', (_what, node) => {
    expect(isBelieved({ ...own, ...node })).toBe(false);
  });
});

const FILES = {
  Dockerfile: 'FROM scratch AS one\nCOPY a /a\nFROM scratch\nCOPY --from=one /a /b\nCOPY c /c',
  a: 'text of a',
  c: 'c'.repeat(5000),
};

/** Builds on a new machine, with a cache or without, and answers the digest and the notices. */
async function buildWith(host: string | undefined, context: string, cacheDir = scratch.directory()) {
  const registries = new Registries({ patience: { attempts: 1, firstDelay: 1, longestDelay: 1 } });
  const notices: string[] = [];
  const artifacts = registries.artifacts(`${host}/app`);
  const remoteCache = new RemoteCache({ from: [{ artifacts, tag: 'c' }], to: { artifacts, tag: 'c' } });
  const image = await build({
    context,
    cacheDir,
    registries,
    onProgress: (event) => event.type === 'notice' && notices.push(event.message),
    ...(host === undefined ? {} : { remoteCache }),
  });
  return { image, notices, registries, remoteCache };
}

describe('a registry whose cache is damaged', () => {
  it('never changes the image, whichever byte of whichever blob is wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-hostile-'));
    const registry = await startRegistry({ stateDir: join(folder, 'state') });
    const context = scratch.context(FILES);
    const { image, registries, remoteCache } = await buildWith(registry.host, context);
    await remoteCache.save(registries.publish(image, `${registry.host}/app`, ['1']));
    await registry.close();
    const damaged = fc.asyncProperty(
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (file, at, bit) => {
        const state = join(folder, 'damaged');
        cpSync(join(folder, 'state'), state, { recursive: true });
        const all = (readdirSync(state, { recursive: true, withFileTypes: true }) ?? []).filter((one) =>
          one.isFile(),
        );
        const one = all[file % all.length];
        const path = join(one?.parentPath ?? '', one?.name ?? '');
        const bytes = readFileSync(path);
        if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ bit;
        writeFileSync(path, bytes);
        const wrong = await startRegistry({ stateDir: state });
        try {
          const again = await buildWith(wrong.host, context);
          expect(again.image.digest).toBe(image.digest);
        } finally {
          await wrong.close();
          rmSync(state, { recursive: true });
        }
      },
    );
    await fc.assert(damaged, { numRuns: 40 });
    removeTree(folder);
  }, 60_000);

  it('is built without when nobody answers, with a notice', async () => {
    const context = scratch.context(FILES);
    const { notices, image } = await buildWith('127.0.0.1:1', context);
    expect(notices.join()).toMatch(/cannot be read, the build goes on without it/);
    const without = await buildFiles(scratch, {}, { context });
    expect(image.digest).toBe(without.image.digest);
  });

  it('leaves what is no cache of ours alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-hostile-'));
    const registry = await startRegistry({ stateDir: folder });
    const context = scratch.context(FILES);
    const { image } = await buildWith(undefined, context);
    await new Registries().publish(image, `${registry.host}/app`, ['c']);
    const { notices } = await buildWith(registry.host, context);
    expect(notices.join()).toMatch(/is left alone: it is of type "application\/vnd.oci.image.config/);
    await registry.close();
    renameSync(folder, `${folder}-x`);
    removeTree(`${folder}-x`);
  });
});
