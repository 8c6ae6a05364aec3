import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalImages } from '../../../bin/commands/docker/images.ts';
import { keepLogin, loginsIn } from '../../../bin/commands/docker/logins.ts';
import { newerToolchain } from '../../../lib/build/go/newer.ts';

const DOCKER = resolve(import.meta.dirname, '../../../bin/fairlead-docker.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-images-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = () => ({ ...process.env, XDG_CACHE_HOME: join(folder, 'cache') });

function docker(args: string[], input = ''): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(DOCKER, args, {
    env: env(),
    input,
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, out: stdout + stderr };
}

test('the command builds, finds again, and names what it has built, with docker’s exit codes', () => {
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\nCMD ["/hello"]\n');
  expect(docker(['inspect', 'cdkasset-1']).status).toBe(1);
  expect(docker(['build', '--tag', 'cdkasset-1', '--platform', 'linux/arm64', '.']).status).toBe(0);
  const [described] = JSON.parse(
    execFileSync(DOCKER, ['inspect', 'cdkasset-1'], { env: env(), encoding: 'utf8' }),
  );
  expect(described).toMatchObject({ architecture: 'arm64', config: { Cmd: ['/hello'] } });
  expect(docker(['tag', 'cdkasset-2', 'a/b:2']).status).toBe(1);
  expect(docker(['tag', 'cdkasset-1', 'registry.example/assets:1']).status).toBe(0);
  const filter = ['images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'reference=*/*:1'];
  expect(docker(filter)).toEqual({ status: 0, out: 'registry.example/assets:1\n' });
  expect(docker(['push', 'registry.example/other:1'])).toMatchObject({ status: 1 });
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY nothing /\n');
  expect(docker(['build', '--tag', 'cdkasset-3', '.']).status).toBe(1);
  expect(docker(['run', 'image'])).toMatchObject({ status: 1 });
}, 60_000);

test('a login is read from the standard input, and only its person can read what is kept of it', async () => {
  const { status, out } = docker(
    ['login', '--username', 'AWS', '--password-stdin', 'host.example'],
    's3cret\n',
  );
  expect(status).toBe(0);
  expect(out).not.toContain('s3cret');
  const path = join(folder, 'cache', 'fairlead', 'docker', 'logins.json');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await loginsIn([path])('host.example')).toEqual({ username: 'AWS', password: 's3cret' });
}, 60_000);

test('a later login for one host leaves those for others, and the first file that knows a host decides', async () => {
  const [first, second] = [join(folder, 'a', 'logins.json'), join(folder, 'b.json')];
  await keepLogin(first, 'one', 'u', '1');
  await keepLogin(first, 'two', 'u', '2');
  await keepLogin(second, 'two', 'u', 'other');
  await keepLogin(second, 'three', 'u', '3');
  const logins = loginsIn([first, second]);
  expect(await Promise.all(['one', 'two', 'three', 'four'].map(logins))).toEqual([
    { username: 'u', password: '1' },
    { username: 'u', password: '2' },
    { username: 'u', password: '3' },
    undefined,
  ]);
});

test('an image goes with its last name', async () => {
  const images = new LocalImages(join(folder, 'images'));
  const context = join(folder, 'context');
  mkdirSync(context);
  for (const text of ['1', '2']) {
    writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nLABEL text=${text}\nCOPY Dockerfile /\n`);
    const workplace = await images.workplace();
    const args = ['build', '--output', `oci-dir=${workplace}`, context];
    execFileSync(resolve(DOCKER, '../fairlead.js'), args, { env: env(), stdio: 'ignore' });
    await images.add(workplace, ['web:1']);
  }
  expect(readdirSync(join(folder, 'images', 'images'))).toHaveLength(1);
  expect((await images.find('web:1'))?.config.config?.Labels).toEqual({ text: '2' });
  expect(await images.find('web:2')).toBeUndefined();
}, 60_000);

test('a Go that is too old fetches the one that is asked for, where it can', async () => {
  const go = (name: string, version: string) => {
    const path = join(folder, name);
    const script = `#!/bin/sh\n[ "$GOTOOLCHAIN" = local ] && echo go${version} && echo /goroot && exit\necho "$GOTOOLCHAIN" >> ${folder}/fetched\necho ${folder}/sdk\n`;
    writeFileSync(path, script);
    chmodSync(path, 0o755);
    return { go: path, environment: {} };
  };
  const { PATH } = process.env;
  const [new26, old21, old20] = [go('go26', '1.26.1'), go('go21', '1.21.3'), go('go20', '1.20')];
  expect(await newerToolchain(new26, [1, 26], { PATH })).toBe(new26);
  expect((await newerToolchain(old21, [1, 26], { PATH })).go).toBe(join(folder, 'sdk', 'bin', 'go'));
  expect((await newerToolchain(old21, [1, 26, 3], { PATH })).go).toBe(join(folder, 'sdk', 'bin', 'go'));
  expect(readFileSync(join(folder, 'fetched'), 'utf8')).toBe('go1.26.0\ngo1.26.3\n');
  await expect(newerToolchain(old20, [1, 26], { PATH })).rejects.toMatchObject({ code: 'build/old-go' });
});
