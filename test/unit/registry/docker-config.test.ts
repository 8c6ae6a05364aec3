import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerConfigCredentials } from '../../../lib/registry/docker-config.ts';
import { faultOf } from './fixture.ts';

const ALICE = { username: 'alice', password: 'a:b' };
const auth = Buffer.from('alice:a:b').toString('base64');
const path = process.env.PATH;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-docker-config-'));
  // What helpers do: the server on standard input, JSON or a message on standard output.
  await helper('echoing', 'read server; echo "{\\"Username\\":\\"$1\\",\\"Secret\\":\\"$server\\"}"');
  await helper('empty', 'echo "credentials not found in native keychain"; exit 1');
  await helper('broken', 'exit 3');
  await helper('babbling', 'echo hello');
  await helper('identity', 'echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"s\\"}"');
  process.env.PATH = `${folder}${delimiter}${path}`;
});
afterAll(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true });
});

async function helper(name: string, script: string): Promise<void> {
  const file = join(folder, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

async function lookUp(config: object | string, host: string) {
  const file = join(folder, 'config.json');
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  return dockerConfigCredentials(file)(host);
}

describe('what docker login left', () => {
  test.each([
    ['a host', { auths: { 'quay.io': { auth } } }, 'quay.io', ALICE],
    ['a host as a URL', { auths: { 'https://quay.io': { auth } } }, 'quay.io', ALICE],
    ['Docker Hub', { auths: { 'https://index.docker.io/v1/': { auth } } }, 'docker.io', ALICE],
    ['another host', { auths: { 'quay.io': { auth } } }, 'ghcr.io', undefined],
    ['a host whose login is in a store that is gone', { auths: { 'quay.io': {} } }, 'quay.io', undefined],
    ['nothing', {}, 'quay.io', undefined],
    [
      "a host's helper",
      { credHelpers: { 'quay.io': 'echoing' } },
      'quay.io',
      { username: 'get', password: 'quay.io' },
    ],
    [
      'a store',
      { credsStore: 'echoing' },
      'docker.io',
      { username: 'get', password: 'https://index.docker.io/v1/' },
    ],
    [
      'a store without it, and a file with it',
      { credsStore: 'empty', auths: { 'quay.io': { auth } } },
      'quay.io',
      ALICE,
    ],
    [
      'a helper before the file',
      { credHelpers: { 'quay.io': 'empty' }, auths: { 'quay.io': { auth } } },
      'quay.io',
      undefined,
    ],
  ])('%s', async (_name, config, host, expected) => {
    expect(await lookUp(config, host)).toEqual(expected);
  });

  test('no file is no credentials', async () => {
    expect(await dockerConfigCredentials(join(folder, 'none.json'))('quay.io')).toBeUndefined();
  });

  test.each([
    ['a file that is not JSON', '{"auths": secret', 'registry/bad-docker-config'],
    ['an auth that is no pair', { auths: { 'quay.io': { auth: 'c2VjcmV0' } } }, 'registry/bad-docker-config'],
    ['a helper that is not there', { credsStore: 'nowhere' }, 'registry/credential-helper'],
    ['a helper that fails', { credsStore: 'broken' }, 'registry/credential-helper'],
    ['a helper that babbles', { credsStore: 'babbling' }, 'registry/credential-helper'],
    ['a helper with an identity token', { credsStore: 'identity' }, 'registry/credential-helper'],
    ['a helper that is a path', { credsStore: '/../../bin/sh' }, 'registry/credential-helper'],
  ])('%s is told, without what is in it', async (_name, config, code) => {
    const fault = await faultOf(lookUp(config, 'quay.io'));
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('secret');
  });
});
