import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const BIN = join(import.meta.dirname, '../../../bin');

let folder: string;
/** A checkout that holds the launcher, a `node` that runs TypeScript, and what `npm run check` runs. */
let checkout: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-launch-'));
  checkout = join(folder, 'a checkout');
  await mkdir(join(checkout, 'bin'), { recursive: true });
  for (const name of ['launch.js', 'fairlead.js', 'child.js', 'bundle.js', 'current-bundle.js', 'setup.js'])
    await cp(join(BIN, name), join(checkout, 'bin', name));
  await writeFile(join(checkout, 'package.json'), '{"type":"module"}');
  await writeFile(join(checkout, 'package-lock.json'), '{}');
  await program(join(folder, 'path', 'npm'), `echo npm "$@" >> '${folder}/npm.log'; exit 1`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(path: string, script: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

async function packages(at: string, tsc: string): Promise<void> {
  for (const name of ['biome', 'knip']) await program(join(at, '.bin', name), 'exit 0');
  await program(join(at, '.bin', 'tsc'), tsc);
}

function check(variables: Record<string, string> = {}, cwd = folder) {
  const { npm_lifecycle_event: _, ...inherited } = process.env;
  const PATH = [join(folder, 'path'), process.env.PATH].join(delimiter);
  return spawnSync(process.execPath, [join(checkout, 'bin', 'launch.js'), 'check'], {
    cwd,
    env: { ...inherited, PATH, ...variables },
    encoding: 'utf8',
  });
}

it('leaves packages alone that belong to another checkout', async () => {
  await packages(join(folder, 'elsewhere'), 'exit 0');
  await symlink(join(folder, 'elsewhere'), join(checkout, 'node_modules'));
  expect(check()).toMatchObject({ status: 0, stderr: '' });
  expect(await readdir(folder)).not.toContain('npm.log');
});

it('asks npm for packages that are not there, and says what to do when it fails', async () => {
  const { status, stderr } = check();
  expect(status).toBe(1);
  expect(stderr).toMatch(/npm ci failed with status 1; behind a proxy, set HTTPS_PROXY/);
});

it('tells what it runs where the person is, with npm and without', async () => {
  await packages(join(folder, 'elsewhere'), 'echo "$FAIRLEAD_CWD"; pwd');
  await symlink(join(folder, 'elsewhere'), join(checkout, 'node_modules'));
  expect(check().stdout.split('\n').slice(0, 2)).toEqual([folder, checkout]);
  const byNpm = { npm_lifecycle_event: 'check', INIT_CWD: tmpdir() };
  expect(check(byNpm, checkout).stdout.split('\n')[0]).toBe(tmpdir());
  // Somebody else's script, run by npm, that runs ours.
  const around = { npm_lifecycle_event: 'test', INIT_CWD: tmpdir() };
  expect(check(around).stdout.split('\n')[0]).toBe(folder);
});

it.each([
  ['TERM', 143],
  ['KILL', 137],
  ['INT', 130],
])('ends as shells do when what it runs ends by SIG%s', async (signal, status) => {
  await packages(join(folder, 'elsewhere'), `kill -${signal} $$`);
  await symlink(join(folder, 'elsewhere'), join(checkout, 'node_modules'));
  expect(check().status).toBe(status);
});

it('passes on to the command what is sent to it alone, and ends after it', async () => {
  const script = `[ "$1" = --version ] && exit; trap 'echo cleaned; exit 130' TERM; echo started; sleep 9 & wait`;
  await program(join(folder, 'elsewhere', 'node', 'bin', 'node'), script);
  await symlink(join(folder, 'elsewhere'), join(checkout, 'node_modules'));
  const command = spawn(process.execPath, [join(checkout, 'bin', 'fairlead.js'), 'build']);
  const ended = once(command, 'exit');
  let said = '';
  for await (const chunk of command.stdout) {
    said += chunk;
    if (chunk.includes('started')) command.kill('SIGTERM');
    if (chunk.includes('cleaned')) break;
  }
  expect([said, ...(await ended)]).toEqual(['started\ncleaned\n', 130, null]);
});
