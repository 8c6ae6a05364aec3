import { createHash } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { goFolders, type SharedFolder } from '../../../lib/build/cache/folders.ts';
import type { CachePack } from '../../../lib/build/cache/index.ts';
import { type NewPack, Packs } from '../../../lib/build/cache/packs.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { openBlob } from '../../../lib/image/blob-store.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const shaOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** An action and its output, as Go writes them, `age` ms ago. */
function compile({ root }: SharedFolder, text: string, age = 0): void {
  const [action, output] = [shaOf(`action ${text}`), shaOf(text)];
  const said = `v1 ${action} ${output} ${String(text.length).padStart(20)} ${'1'.padStart(20)}\n`;
  for (const [id, kind, bytes] of [
    [action, 'a', said],
    [output, 'd', text],
  ] as const) {
    const file = join(root, id.slice(0, 2), `${id}-${kind}`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    const at = (Date.now() - age) / 1000;
    utimesSync(file, at, at);
  }
}

function machine(repository = 'host/app') {
  const store = new Store(scratch.directory());
  const [folder] = goFolders(store) as [SharedFolder, SharedFolder];
  return { store, folder, packs: new Packs(store, repository) };
}

const asPack = ({ folder, digest, bytes }: NewPack): CachePack => ({ folder, digest, bytes, usedAt: 1 });

describe('packs of Go’s build cache', () => {
  it('have what is new, and nothing twice', async () => {
    const { folder, packs } = machine();
    const since = Date.now() - 1000;
    compile(folder, 'old', 60_000);
    compile(folder, 'one');
    const first = (await packs.packNew(folder, [], since)) as NewPack;
    packs.sent([folder]);
    expect(first.bytes).toBe(3 + 175);
    expect(await packs.packNew(folder, [asPack(first)], since)).toBeUndefined();
    compile(folder, 'two');
    expect((await packs.packNew(folder, [asPack(first)], since))?.bytes).toBe(3 + 175);
  });

  it('have what was not sent to its end the last time', async () => {
    const { folder, packs } = machine();
    compile(folder, 'one', 60_000);
    await packs.packNew(folder, [], Date.now() - 120_000);
    const next = await packs.packNew(folder, [], Date.now() - 1000);
    expect(next?.bytes).toBe(3 + 175);
    packs.sent([folder]);
    expect(await packs.packNew(folder, [], Date.now() - 1000)).toBeUndefined();
  });

  it('become one when they are many, of what is used still', async () => {
    const { folder, packs } = machine();
    const all: CachePack[] = [];
    for (let count = 0; count < 12; count++) {
      compile(folder, `package ${count}`);
      all.push(asPack((await packs.packNew(folder, all, Date.now() - 60_000)) as NewPack));
      packs.sent([folder]);
    }
    compile(folder, 'package 0', 6 * 24 * 60 * 60 * 1000); // nobody used it for longer than Go keeps it
    compile(folder, 'another');
    const one = (await packs.packNew(folder, all, Date.now() - 60_000)) as NewPack;
    expect(one.replaces.toSorted()).toEqual(all.map(({ digest }) => digest).toSorted());
    const texts = [...Array.from({ length: 11 }, (_, at) => `package ${at + 1}`), 'another'];
    expect(one.bytes).toBe(texts.reduce((sum, text) => sum + text.length + 175, 0));
  });

  it('of one repository have nothing of another’s', async () => {
    const { store, folder, packs } = machine();
    compile(folder, 'of the other', 60_000);
    await packs.packNew(folder, [], Date.now() - 120_000);
    expect(await new Packs(store, 'host/other').packNew(folder, [], Date.now() - 1000)).toBeUndefined();
  });

  it('are unpacked once', async () => {
    const [one, other] = [machine(), machine()];
    compile(one.folder, 'one');
    const packed = (await one.packs.packNew(one.folder, [], Date.now() - 1000)) as NewPack;
    let opened = 0;
    const open = async () => {
      opened++;
      return openBlob(one.store.blobs, packed.digest)();
    };
    for (const _ of ['first', 'second'])
      await other.packs.unpack(asPack(packed), packed.size, other.folder, open);
    expect(opened).toBe(1);
    const fresh = await other.packs.packNew(other.folder, [asPack(packed)], 0);
    expect(fresh).toBeUndefined();
  });
});
