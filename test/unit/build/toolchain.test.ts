import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-toolchain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const go = () => join(folder, 'go');

/** A Go that tells a version, and notes that it was asked. As large as a program, unless it is a `script`. */
function putGo(version: string, kind: 'program' | 'script' = 'program'): void {
  const fresh = `${go()}.new`;
  writeFileSync(fresh, `#!/bin/sh\necho x >> ${go()}.asked\necho go${version}\necho /goroot\nexit\n`);
  if (kind === 'program') appendFileSync(fresh, '#'.repeat(2 * 1024 * 1024));
  chmodSync(fresh, 0o755);
  renameSync(fresh, go());
}

const timesAsked = () =>
  existsSync(`${go()}.asked`) ? readFileSync(`${go()}.asked`, 'utf8').trim().split('\n').length : 0;

/** As a process of its own finds it. */
function nameFound(): string {
  const lib = new URL('../../../lib/build/', import.meta.url).href;
  const script = `
    import { probeToolchain } from '${lib}go/toolchain.ts';
    import { Store } from '${lib}store/store.ts';
    const toolchain = { go: ${JSON.stringify(go())}, environment: { GOPROXY: 'off' } };
    const { name, version, goroot, environment } = await probeToolchain(toolchain, new Store(${JSON.stringify(folder)}));
    console.log(name, version.join('.'), goroot, environment.GOPROXY);`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  }).trim();
}

test('what Go says of itself is kept as long as it is the same program', () => {
  putGo('1.22.3');
  expect(nameFound()).toBe('go1.22.3 1.22.3 /goroot off');
  expect(nameFound()).toBe('go1.22.3 1.22.3 /goroot off');
  expect(timesAsked()).toBe(1);
  putGo('1.22.4');
  expect(nameFound()).toBe('go1.22.4 1.22.4 /goroot off');
  expect(timesAsked()).toBe(2);
});

test('a script, which may start another Go each time, is asked each time', () => {
  putGo('1.22.3', 'script');
  expect([nameFound(), nameFound()]).toHaveLength(2);
  expect(timesAsked()).toBe(2);
});
