import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { shellWorkshop } from './shell-image.ts';

const { scratch, can, run } = await shellWorkshop();
afterAll(() => scratch.close());

const SECRET = 'hush-4711-hush';
const secrets = new Map([['token', { from: 'value', value: `${SECRET}\n` } as const]]);

describe.skipIf(!can)('RUN --mount, as root with Debian’s busybox-static', () => {
  it('shows a secret to the RUN alone: not in layers, records, keys, the cache or what is told', async () => {
    const cacheDir = scratch.directory();
    const { said, entries, events } = await run(
      'RUN --mount=type=secret,id=token stat -c "%a %u:%g" /run/secrets/token && cat /run/secrets/token && cat /run/secrets/token | base64 && wc -c < /run/secrets/token',
      { secrets, cacheDir },
    );
    expect(said).toEqual(['400 0:0', '***', expect.stringContaining('***'), '15']);
    expect([...entries.keys()]).toEqual([]);
    expect(JSON.stringify(events)).not.toContain(SECRET);
    expect(() => execFileSync('grep', ['-rqF', SECRET, cacheDir])).toThrow();
  });

  it('gives a secret its mode, owner and target, or only a variable', async () => {
    const { said } = await run(
      'RUN --mount=type=secret,id=token,mode=0440,uid=3,gid=4,target=/s/t stat -c "%a %u:%g" /s/t\n' +
        'RUN --mount=type=secret,id=token,env=TOKEN printf %s "$TOKEN" | wc -c; ls /run 2>&1 || true\n' +
        'RUN --mount=type=secret,id=none ls /run/secrets 2>&1 || true',
      { secrets },
    );
    expect(said).toEqual([
      '440 3:4',
      '15',
      'ls: /run: No such file or directory',
      'ls: /run/secrets: No such file or directory',
    ]);
  });

  it('tells of a secret and an agent that are needed and were not given', async () => {
    await expect(run('RUN --mount=type=secret,id=x,required=true true')).rejects.toMatchObject({
      code: 'build/no-secret',
    });
    await expect(run('RUN --mount=type=ssh,required=true true')).rejects.toMatchObject({
      code: 'build/no-agent',
    });
    expect((await run('RUN --mount=type=ssh echo "[$SSH_AUTH_SOCK]"')).said).toEqual(['[]']);
  });

  it('forwards an SSH agent by a socket of the mode and owner that were asked for', async () => {
    const socket = join(scratch.directory(), 'agent');
    const agent = createServer().listen(socket);
    await once(agent, 'listening');
    const { said, entries } = await run(
      'RUN --mount=type=ssh,mode=0640,uid=5,gid=6 echo $SSH_AUTH_SOCK; stat -c "%a %u:%g %F" $SSH_AUTH_SOCK',
      { ssh: new Map([['default', socket]]) },
    ).finally(() => agent.close());
    expect(said).toEqual(['/run/buildkit/ssh_agent.0', '640 5:6 socket']);
    expect([...entries.keys()]).toEqual([]);
  });

  it('leaves no trace of where something was mounted', async () => {
    const { entries } = await run(
      'RUN --mount=type=tmpfs,target=/deep/tmp --mount=type=cache,target=/deep/cache --mount=type=secret,id=token ' +
        '--mount=type=bind,target=/src touch /deep/tmp/x /deep/cache/x',
      { secrets },
    );
    expect([...entries.keys()]).toEqual([]);
  });

  it('gives a tmpfs the size that was asked for', async () => {
    const failing = run(
      'RUN --mount=type=tmpfs,target=/t,size=1048576 dd if=/dev/zero of=/t/x bs=1M count=3',
    );
    await expect(failing).rejects.toMatchObject({ details: expect.stringContaining('No space left') });
    const { said } = await run('RUN --mount=type=tmpfs,target=/dev/shm df -k /dev/shm | tail -1');
    expect(said.join()).toContain('/dev/shm');
  });

  it('binds the context, a stage and an image, read only, or with writes that are lost', async () => {
    const { said, entries } = await run(
      'RUN echo made > /made\n' +
        'FROM base AS next\n' +
        'RUN --mount=type=bind,target=/src --mount=type=bind,from=base,source=/made,target=/m cat /src/a /src/d/b /m; ls /src; echo x > /src/new\n'.replace(
          'echo x > /src/new',
          'echo x 2>/dev/null > /src/new || echo refused',
        ) +
        'RUN --mount=type=bind,target=/src,rw echo x > /src/new && cat /src/new\n' +
        'RUN --mount=type=bind,target=/src ls /src',
      {
        files: {
          a: 'A\n',
          'd/b': 'B\n',
          hidden: 'no',
          '.dockerignore': 'hidden\nDockerfile\n.dockerignore\n',
        },
      },
    );
    expect(said).toEqual(['A', 'B', 'made', 'a', 'd', 'refused', 'x', 'a', 'd']);
    expect([...entries.keys()]).toEqual(['made']);
  });

  it('does a RUN again when what it binds has changed, and only then', async () => {
    const cacheDir = scratch.directory();
    const text = 'RUN --mount=type=bind,source=a,target=/a cat /a > /copy';
    await run(text, { cacheDir, files: { a: '1', b: '1' } });
    const same = await run(text, { cacheDir, files: { a: '1', b: '2' } });
    expect(same.events.filter((event) => event.type === 'step' && event.cached)).toHaveLength(1);
    const other = await run(text, { cacheDir, files: { a: '2', b: '2' } });
    expect(other.entries.get('copy')?.text).toBe('2');
  });

  it('begins a cache with what it is told, and gives it mode and owner', async () => {
    const cacheDir = scratch.directory();
    const text =
      'RUN mkdir /seed && echo s > /seed/s\nFROM base AS next\n' +
      'RUN --mount=type=cache,target=/c,from=base,source=/seed,mode=0700,uid=7,gid=8 stat -c "%a %u:%g" /c && ls /c && echo y > /c/y';
    expect((await run(text, { cacheDir })).said).toEqual(['700 7:8', 's']);
    expect((await run(text, { cacheDir, noCache: true })).said).toEqual(['700 7:8', 's', 'y']);
  });

  it('lets locked caches have one RUN at a time, in other processes too, and survives a killed one', async () => {
    const cacheDir = scratch.directory();
    const locked = (name: string) =>
      `RUN --mount=type=cache,target=/c,sharing=locked if mkdir /c/busy; then sleep 1; rmdir /c/busy; else exit 9; fi; echo ${name}`;
    const both = ['one', 'two'].map((name) => run(locked(name), { cacheDir, noCache: true }));
    expect((await Promise.all(both)).map(({ said }) => said.at(-1))).toEqual(['one', 'two']);
    const lock = readdirSync(join(cacheDir, 'mounts')).find((name) => !name.endsWith('.lock'));
    const module = pathToFileURL(join(import.meta.dirname, '../../../lib/build/store/lock.ts')).href;
    const file = join(cacheDir, 'mounts', `${lock}.lock`);
    const program = `const { tryLock } = await import(${JSON.stringify(module)}); console.log(tryLock(${JSON.stringify(file)})); setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(String((await once(other.stdout, 'data'))[0]).trim()).toBe('true');
    let isDone = false;
    const waiting = run(locked('three'), { cacheDir }).then((made) => {
      isDone = true;
      return made;
    });
    await setTimeout(2500);
    expect(isDone).toBe(false);
    other.kill('SIGKILL');
    const { said, events } = await waiting;
    expect(said).toEqual(['three']);
    expect(JSON.stringify(events)).toContain('waiting for it');
  }, 60_000);

  it('gives each RUN a private cache of its own, and the first one again', async () => {
    const cacheDir = scratch.directory();
    const own = (wait: string) =>
      `RUN --mount=type=cache,target=/c,sharing=private ls /c; touch /c/x; sleep ${wait}`;
    const results = await Promise.all([run(own('1'), { cacheDir }), run(own('1.0'), { cacheDir })]);
    expect(results.map(({ said }) => said)).toEqual([[], []]);
    expect((await run(own('0'), { cacheDir })).said).toEqual(['x']);
  });

  it('refuses a target that leads through a symlink of a cache', async () => {
    const cacheDir = scratch.directory();
    mkdirSync(join(scratch.root, 'victim'));
    await run(`RUN --mount=type=cache,target=/c ln -s ${scratch.root}/victim /c/out`, { cacheDir });
    const second = run(
      'RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/c/out/made echo reached',
      { cacheDir },
    );
    await expect(second).rejects.toThrow(/leads through a symlink/);
    expect(readdirSync(join(scratch.root, 'victim'))).toEqual([]);
  });

  it('runs a here-document as the script, as a program, and as input', async () => {
    const { said, entries } = await run(
      'RUN <<EOF\necho one\nfalse\necho two\nEOF\nRUN <<EOF\n#!/bin/sh -e\necho "script $0"\nEOF\nRUN cat <<A <<B\na\nA\nb\nB',
    );
    expect(said).toEqual(['one', 'two', 'script /dev/pipes/EOF', 'b']);
    expect([...entries.keys()]).toEqual([]);
  });
});

describe.skipIf(!can)('what is kept of mounts on disk', () => {
  it('is no secret, and no directory that others may enter', async () => {
    const cacheDir = scratch.directory();
    await run('RUN --mount=type=cache,target=/c,mode=0700 touch /c/x', { cacheDir });
    const [name = ''] = readdirSync(join(cacheDir, 'mounts')).filter((entry) => !entry.endsWith('.lock'));
    expect(statSync(join(cacheDir, 'mounts', name)).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(cacheDir, 'mounts', name, 'x'), 'utf8')).toBe('');
  });
});
