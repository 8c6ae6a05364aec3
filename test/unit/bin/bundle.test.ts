import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
// @ts-expect-error: JavaScript, for the Node of a fresh machine
import { bundleOf as typeless } from '../../../bin/bundle.js';
// @ts-expect-error: the same
import { currentBundle as typelessToo } from '../../../bin/current-bundle.js';

const bundleOf: (root: string, entry: string, cache: string) => Promise<string | undefined> = typeless;
const currentBundle: (root: string, cache: string, node?: string) => string | undefined = typelessToo;

let root: string;
let cache: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-bundle-'));
  cache = join(root, 'cache');
  put('package-lock.json', '{}');
  put('node_modules/.package-lock.json', '{}');
  put('bin/main.ts', "import { word } from '../lib/word.ts';\nconsole.log(word satisfies string);\n");
  put('lib/word.ts', "export const word = 'one';\n");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Written a minute ago. */
function put(path: string, text: string, ago = 60): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const time = Date.now() / 1000 - ago;
  utimesSync(file, time, time);
}

async function said(): Promise<string> {
  const bundle = await bundleOf(root, join(root, 'bin', 'main.ts'), cache);
  return bundle === undefined ? 'no bundle' : execFileSync(process.execPath, [bundle], { encoding: 'utf8' });
}

test('a bundle is kept as long as no source changes', async () => {
  expect(await said()).toBe('one\n');
  const [name = ''] = readdirSync(cache);
  const { ino } = statSync(join(cache, name));
  expect(await said()).toBe('one\n');
  expect(statSync(join(cache, name)).ino).toBe(ino);
});

test('an edited source is noticed, of the same length too', async () => {
  expect(await said()).toBe('one\n');
  put('lib/word.ts', "export const word = 'two';\n", 30);
  expect(await said()).toBe('two\n');
  expect(readdirSync(cache)).toHaveLength(1);
});

test('a source that begins to import another one is noticed, and that one from then on', async () => {
  expect(await said()).toBe('one\n');
  put('lib/other.ts', "export const word = 'other';\n");
  put('lib/word.ts', "export { word } from './other.ts';\n");
  expect(await said()).toBe('other\n');
  put('lib/other.ts', "export const word = 'changed';\n", 30);
  expect(await said()).toBe('changed\n');
});

test('a bundle is not that of another checkout', async () => {
  expect(await said()).toBe('one\n');
  expect(currentBundle(root, cache)).toBeDefined();
  expect(currentBundle(`${root}/.`, cache)).toBeUndefined();
});

test('a bundle was made for one version of Node', async () => {
  expect(await said()).toBe('one\n');
  expect(currentBundle(root, cache, process.versions.node)).toBeDefined();
  expect(currentBundle(root, cache, '23.0.0')).toBeUndefined();
});

test('modules of Node are loaded when something of them is used', async () => {
  const loaded = `process.moduleLoadList.includes('NativeModule zlib')`;
  const use = `import { gunzipSync, gzipSync } from 'node:zlib';
const before = ${loaded};
const text = gunzipSync(gzipSync('text')).toString();
export const word = [before, text, ${loaded}].join(' ');
`;
  put('lib/word.ts', use);
  expect(await said()).toBe('false text true\n');
});

test('other packages make another bundle', async () => {
  await said();
  const [name = ''] = readdirSync(cache);
  const { ino } = statSync(join(cache, name));
  put('node_modules/.package-lock.json', '{"packages":{}}');
  await said();
  expect(statSync(join(cache, name)).ino).not.toBe(ino);
});

test('what is being written just now is not bundled', async () => {
  put('lib/word.ts', "export const word = 'new';\n", 0);
  expect(await said()).toBe('no bundle');
  expect(readdirSync(cache)).toEqual([]);
});

test('where nothing can be written, and for a source that is wrong, there is none', async () => {
  put('cache', 'a file');
  expect(await said()).toBe('no bundle');
  rmSync(cache);
  put('lib/word.ts', 'export const word = ;\n');
  expect(await said()).toBe('no bundle');
});

test('a source that asks where it is cannot be bundled', async () => {
  put('lib/word.ts', 'export const word = String(import.meta.dirname);\n');
  expect(await said()).toBe('no bundle');
});

test('a bundle that was cut off is made again', async () => {
  expect(await said()).toBe('one\n');
  writeFileSync(join(cache, readdirSync(cache)[0] ?? ''), '//stamps [["lib/wo');
  expect(await said()).toBe('one\n');
});
