import { afterAll, describe, expect, it } from 'vitest';
import { make, shellImage, shellWorkshop } from './shell-image.ts';

const { scratch, can, run } = await shellWorkshop();
afterAll(() => scratch.close());

/** cap_net_raw and cap_setuid, permitted and effective: VFS_CAP_REVISION_2 of linux/capability.h. */
const CAPABILITY = '0100000280200000000000000000000000000000';

describe.skipIf(!can)('the layer of a RUN, as root', () => {
  it('keeps several names of one file one file, in the next RUN and from the cache too', async () => {
    const cacheDir = scratch.directory();
    const text = 'RUN echo x > /a && ln /a /b && ln /a /d && echo y > /c\n';
    const { entries } = await run(text, { cacheDir });
    expect(entries.get('a')?.type).toBe('file');
    expect(['b', 'd'].map((name) => [entries.get(name)?.type, entries.get(name)?.linkname])).toEqual([
      ['hardlink', 'a'],
      ['hardlink', 'a'],
    ]);
    const next = await run(`${text}RUN stat -c %h /a /b /d /c`, { cacheDir });
    expect(next.said).toEqual(['3', '3', '3', '1']);
  });

  it('has pipes, devices and set-id bits', async () => {
    const { entries } = await run(
      'RUN mkfifo -m 640 /pipe && mknod /dev0 c 1 3 && mknod /disk b 259 70000 && chown 5:6 /disk && ' +
        'echo > /s && chmod 6711 /s\nRUN stat -c "%F %t %T" /pipe /dev0 /disk > /kinds',
    );
    expect(entries.get('pipe')).toMatchObject({ type: 'fifo', mode: 0o640 });
    expect(entries.get('dev0')).toMatchObject({ type: 'character', major: 1, minor: 3 });
    expect(entries.get('disk')).toMatchObject({ type: 'block', major: 259, minor: 70000, uid: 5, gid: 6 });
    expect(entries.get('s')?.mode).toBe(0o6711);
    expect(entries.get('kinds')?.text).toMatch(
      /^fifo 0 0\ncharacter special file 1 3\nblock special file 103 11170\n/,
    );
  });

  it('keeps the capabilities of files, of the base and of COPY too', async () => {
    const able = await shellImage(scratch, [
      {
        path: 'bin/able',
        type: 'file',
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime: 0,
        xattrs: { 'security.capability': Buffer.from(CAPABILITY, 'hex') },
      },
    ]);
    const { entries, image } = await make(scratch, able, 'RUN mv /bin/able /bin/moved\nRUN echo x > /y');
    const moved = entries.get('bin/moved')?.xattrs.get('security.capability');
    expect(moved?.toString('hex')).toBe(CAPABILITY);
    expect(image.layers).toHaveLength(3);
    const cached = await make(scratch, able, 'RUN mv /bin/able /bin/moved\nRUN chmod 700 /bin/moved', {});
    expect(cached.entries.get('bin/moved')?.xattrs.get('security.capability')?.toString('hex')).toBe(
      CAPABILITY,
    );
  });

  it('has directories that were removed, made again, moved and replaced as they are', async () => {
    const { entries } = await run(
      'RUN mkdir -p /one/deep /two && echo a > /one/a && echo b > /one/deep/b && echo c > /two/c && echo d > /file\n' +
        'RUN rm -r /one && mkdir /one && echo n > /one/n && mv /two /three && rm /file && mkdir /file && echo e > /file/e\n' +
        'RUN find /one /three /file | sort > /list && test ! -e /two\n' +
        'COPY x /two/x\nRUN ls /two > /list2 && rm -r /two /three',
      { files: { x: 'x' } },
    );
    expect(entries.get('list')?.text).toBe('/file\n/file/e\n/one\n/one/n\n/three\n/three/c\n');
    expect(entries.get('list2')?.text).toBe('x\n');
    for (const gone of ['one/.wh.a', 'one/.wh.deep', '.wh.two', '.wh.three'])
      expect([...entries.keys()]).toContain(gone);
  });

  it('goes on from cached steps that removed things, without unpacking the base again', async () => {
    const cacheDir = scratch.directory();
    const first =
      'RUN rm /bin/vi && rm -r /tmp && mkdir /tmp && echo t > /tmp/t && mkdir /d && echo 1 > /d/1\nCOPY x /d/x\n';
    await run(first, { cacheDir, files: { x: '1' } });
    const { said } = await run(`${first}RUN ls /d /tmp; test -e /bin/vi || echo gone`, {
      cacheDir,
      files: { x: '2' },
    });
    expect(said).toEqual(['/d:', '1', 'x', '', '/tmp:', 't', 'gone']);
  });

  it('never changes what it kept, when a later RUN writes to the same file', async () => {
    const cacheDir = scratch.directory();
    const text = 'RUN echo one > /f\nRUN echo two >> /f\n';
    const before = await run(text, { cacheDir });
    const again = await run(`${text}RUN cat /f`, { cacheDir });
    expect(again.said).toEqual(['one', 'two']);
    expect((await run(text, { cacheDir, noCache: true })).image.digest).toBe(before.image.digest);
  });

  it('makes the working directory when it is gone, or was never in the image, and it is who runs’', async () => {
    const { said, entries } = await run(
      'WORKDIR /w\nRUN rmdir /w\nRUN pwd\nRUN ln -s /real /l && rmdir /w\nWORKDIR /l/in\nRUN rm -r /real\nUSER 5:6\nRUN pwd && ls -ld /real/in',
    );
    expect(said[0]).toBe('/w');
    expect(said[1]).toBe('/real/in');
    expect(said[2]).toMatch(/^drwxr-xr-x +2 5 +6 /);
    expect(entries.get('real/in')).toMatchObject({ type: 'directory', mode: 0o755, uid: 5, gid: 6 });
  });

  it('gives variables of the loader to the command alone, and other names than shells have', async () => {
    const { said } = await run('ENV LD_PRELOAD=/nope.so LD_LIBRARY_PATH=/x a.b="1 2" UID=7\nRUN ["env"]');
    expect(said.sort()).toEqual([
      'HOME=/root',
      'LD_LIBRARY_PATH=/x',
      'LD_PRELOAD=/nope.so',
      expect.stringMatching(/^PATH=/),
      'UID=7',
      'a.b=1 2',
    ]);
  });

  it('runs a here-document of as many bytes as Linux takes, and says at which line there are more', async () => {
    const long = (bytes: number) => `RUN <<EOF\necho "${"'".repeat(bytes)}" | wc -c\nEOF`;
    expect((await run(long(100_000))).said).toEqual(['100001']);
    await expect(run(`WORKDIR /\n${long(90_000).replaceAll("'", 'xx')}`)).rejects.toMatchObject({
      code: 'build/limit',
      fault: {
        place: 'Dockerfile:3',
        cause: expect.stringMatching(/bytes of text, and Linux hands .* 131071/),
      },
    });
  });

  it('keeps the capabilities of what is no program yet', async () => {
    const attribute = { 'security.capability': Buffer.from(CAPABILITY, 'hex') };
    const file = {
      path: 'etc/able',
      type: 'file' as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      xattrs: attribute,
    };
    const base = await shellImage(scratch, [file]);
    const { entries, said } = await make(scratch, base, 'RUN mv /etc/able "/etc/moved able"');
    expect(said).toEqual([]);
    const moved = entries.get('etc/moved able');
    expect(moved?.xattrs.get('security.capability')?.toString('hex')).toBe(CAPABILITY);
  });

  it('says so when a symlink leads to what is not UTF-8', async () => {
    await expect(run('RUN ln -s "$(printf \'\\377\')" /l')).rejects.toThrow(
      /what a symlink says is not UTF-8: "ÿ"/,
    );
  });

  it('says so when a name is not UTF-8', async () => {
    const failing = run('RUN touch "/tmp/$(printf \'caf\\351\')"');
    await expect(failing).rejects.toThrow(/not UTF-8.*caf/);
    expect((await run('RUN touch "/tmp/$(printf \'caf\\303\\251\')"')).entries.has('tmp/café')).toBe(true);
  });

  it('is the same however often, with and without the cache', async () => {
    const text =
      'RUN mkdir /d && for i in 1 2 3; do date +%N > /dev/null; echo $i > /d/$i; ln /d/$i /d/l$i; done; mkfifo /d/p';
    const digests = await Promise.all([run(text), run(text)]);
    expect(new Set(digests.map(({ image }) => image.digest)).size).toBe(1);
  });
});
