import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { run } from '../../../lib/manifests/run.ts';
import { findTools } from '../../../lib/manifests/tools.ts';
import { withFiles } from './repository.ts';

const SH = { path: '/bin/sh', directory: '/' };

afterEach(() => vi.unstubAllEnvs());

describe('a program that renders', () => {
  test('has nothing of this process’s environment, and no programs of the machine', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const ran = await run({ ...SH, args: ['-c', 'export -p; echo PATH=$PATH; command -v git'] });
    // `command -v` finds nothing, and says so.
    expect(ran).toEqual({ is: 'failed', complaint: '' });
    const told = await run({ ...SH, args: ['-c', 'export -p'] });
    if (told.is !== 'done') throw new Error('not done');
    expect(told.output).not.toContain('secret');
    expect(told.output).not.toContain(process.env.HOME);
    expect(told.output).toContain('HTTPS_PROXY');
  });

  test('leaves nothing behind', async () => {
    await withFiles({}, async (directory) => {
      vi.stubEnv('TMPDIR', directory);
      await run({ ...SH, args: ['-c', 'echo x > $HOME/x; echo y > $TMPDIR/y'] });
      expect(await readdir(directory)).toEqual([]);
    });
  });

  test('is ended when it takes too long, with what it has started', async () => {
    const started = Date.now();
    const ran = await run({ ...SH, args: ['-c', '/bin/sleep 30 & wait'], limits: { time: 300 } });
    expect(ran).toEqual({ is: 'too-slow' });
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test('is ended when it writes too much', async () => {
    const ran = await run({ ...SH, args: ['-c', 'while :; do echo x; done'], limits: { output: 1000 } });
    expect(ran).toEqual({ is: 'too-much' });
  });

  test('has no more memory than it may have', async () => {
    const hog = ['-e', 'const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1))'];
    const ran = await run({
      path: process.execPath,
      directory: '/',
      args: hog,
      limits: { memory: 1024 * 1024, time: 20_000 },
    });
    expect(ran.is).toBe('failed');
  });

  test('fails with what it complains about', async () => {
    const ran = await run({ ...SH, args: ['-c', 'echo no >&2; exit 3'] });
    expect(ran).toEqual({ is: 'failed', complaint: 'no\n' });
    expect((await run({ path: '/nowhere', directory: '/', args: [] })).is).toBe('failed');
  });
});

test('tools are found on absolute folders of a search path, if they can be executed', async () => {
  await withFiles({ 'a/helm': '', 'b/helm': '', 'b/kubectl': '' }, async (directory) => {
    for (const name of ['b/helm', 'b/kubectl']) await chmod(join(directory, name), 0o755);
    await writeFile(join(directory, 'a/helm'), '', { mode: 0o644 });
    expect(findTools(`relative:${directory}/a:${directory}/b:`)).toEqual({
      helm: join(directory, 'b/helm'),
      kubectl: join(directory, 'b/kubectl'),
    });
    expect(findTools(undefined)).toEqual({});
  });
});
