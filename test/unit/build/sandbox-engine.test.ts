import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../lib/build/build.ts';
import { BuildFailure } from '../../../lib/build/failure.ts';
import type { Image } from '../../../lib/image/types.ts';
import { probeSandbox } from '../../../lib/sandbox/ability.ts';
import { buildFiles, directory, imageOf, registryOf, Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const ability = await probeSandbox(scratch.root);

/** What `RUN ["/do", …]` runs in these tests, so that they need no shell: one letter and a path for each thing to do. */
const PROGRAM = `package main

import (
	"fmt"
	"os"
)

func main() {
	for i := 1; i+1 < len(os.Args); i += 2 {
		path := os.Args[i+1]
		switch os.Args[i] {
		case "write":
			check(os.WriteFile(path, []byte("written"), 0o640))
		case "mkdir":
			check(os.Mkdir(path, 0o750))
		case "remove":
			check(os.RemoveAll(path))
		case "show":
			_, err := os.Lstat(path)
			fmt.Println(path, err == nil)
		case "sleep":
			fmt.Println("sleeping")
			select {}
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
}
`;

async function base(): Promise<Image> {
  const [source, program] = [join(scratch.root, 'do.go'), join(scratch.root, 'do')];
  writeFileSync(source, PROGRAM);
  const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' };
  execFileSync('go', ['build', '-o', program, source], { env });
  const owner = { uid: 5, gid: 6, mtime: 0 };
  return imageOf(scratch, [
    { ...owner, path: 'do', type: 'file', mode: 0o755, size: statSync(program).size, file: program },
    directory('old', 0o755, 5, 6),
    { ...owner, path: 'old/a', type: 'file', mode: 0o600, size: 0 },
    { ...owner, path: 'old/b', type: 'file', mode: 0o600, size: 0 },
    { ...owner, path: 'out', type: 'symlink', mode: 0o777, linkTarget: '/../../../../tmp' },
  ]);
}

const image = base();

async function run(instructions: string, options: Partial<BuildOptions> = {}) {
  const files = { 'c.txt': 'c', Dockerfile: `FROM base\n${instructions}` };
  const built = await buildFiles(scratch, files, {
    registries: registryOf({ base: await image }),
    ...options,
  });
  delete built.files.do;
  return built;
}

const OLD = { old: 'directory 755 5:6', 'old/a': 'file 600 5:6 ', 'old/b': 'file 600 5:6 ' };
const OUT = { out: 'symlink 5:6 -> /../../../../tmp' };

describe.skipIf(!ability.able)('the sandbox engine', () => {
  it('has what a RUN wrote and removed in the layer, and nothing of what it needed to run', async () => {
    const { files } = await run(
      'RUN ["/do", "write", "/new", "mkdir", "/d", "write", "/d/e", "remove", "/old/a"]',
    );
    const { 'old/a': _, ...rest } = OLD;
    const made = { new: 'file 640 0:0 written', d: 'directory 750 0:0', 'd/e': 'file 640 0:0 written' };
    expect(files).toEqual({ ...OUT, ...rest, ...made });
  });

  it('knows a directory that was made anew from one that was changed', async () => {
    const { files } = await run('RUN ["/do", "remove", "/old", "mkdir", "/old", "write", "/old/b"]');
    // An ordinary user's RUN cannot say whose files are: there they keep the owner of what was there.
    const [old, written] = [/^directory 750/, /^file 640 .*written$/].map((text) =>
      expect.stringMatching(text),
    );
    expect(files).toEqual({ ...OUT, old, 'old/b': written });
  });

  it('sees what COPY and earlier RUNs did, and COPY sees what it did', async () => {
    const { files } = await run(
      'COPY c.txt /d/\nRUN ["/do", "remove", "/old", "write", "/d/r"]\nCOPY c.txt /old/\nRUN ["/do", "remove", "/d/c.txt"]',
    );
    const made = { d: 'directory 755 0:0', 'd/r': 'file 640 0:0 written', old: 'directory 755 0:0' };
    expect(files).toEqual({ ...OUT, ...made, 'old/c.txt': 'file 644 0:0 c' });
  });

  it('follows symlinks of the base inside of its root only', async () => {
    const { events } = await run(
      `RUN ["/do", "mkdir", "/tmp", "write", "/out/x", "show", "/tmp/x", "show", "${scratch.root}"]`,
    );
    expect(events).toContainEqual(expect.objectContaining({ text: '/tmp/x true' }));
    expect(events).toContainEqual(expect.objectContaining({ text: `${scratch.root} false` }));
  });

  it('keeps cache mounts between builds, and out of the image', async () => {
    const cacheDir = scratch.directory();
    const mounted = (what: string) => `RUN --mount=type=cache,target=/cache ["/do", "${what}", "/cache/x"]`;
    expect((await run(mounted('write'), { cacheDir })).files).toEqual({ ...OLD, ...OUT });
    const { events } = await run(mounted('show'), { cacheDir });
    expect(events).toContainEqual(expect.objectContaining({ text: '/cache/x true' }));
  });

  it('shows a cache that is locked at all its targets in one RUN', async () => {
    const mount = (target: string) => `--mount=type=cache,id=x,sharing=locked,target=${target}`;
    const command = '["/do", "write", "/one/x", "show", "/two/x"]';
    const signal = AbortSignal.timeout(15_000);
    const { events } = await run(`RUN ${mount('/one')} ${mount('/two')} ${command}`, { signal });
    expect(events).toContainEqual(expect.objectContaining({ text: '/two/x true' }));
  });

  it('does nothing again that it has done, and goes on from there', async () => {
    const cacheDir = scratch.directory();
    const first = 'RUN ["/do", "write", "/x", "remove", "/old/a"]\n';
    const one = await run(first, { cacheDir });
    const again = await run(first, { cacheDir });
    expect(again.image.digest).toBe(one.image.digest);
    expect(steps(again.events).at(-1)).toMatch(/\(cached\)$/);
    const more = await run(`${first}RUN ["/do", "show", "/x", "show", "/old/a", "show", "/old/b"]`, {
      cacheDir,
    });
    const shown = more.events.flatMap((event) => (event.type === 'output' ? [event.text] : []));
    expect(shown).toEqual(['/x true', '/old/a false', '/old/b true']);
    expect((await run(first)).image.digest).toBe(one.image.digest);
  });

  it('tells at which line a command failed, with what it said', async () => {
    const failure = await run('COPY c.txt /\nRUN ["/do", "mkdir", "/old"]').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BuildFailure);
    const { message, details } = failure as BuildFailure;
    expect(message).toMatch(/^Dockerfile:3: the command ended with exit code 3: mkdir \/old: file exists/);
    expect(details).toContain('3 | >>> RUN');
  });

  it('stops when it is told to', async () => {
    const aborter = new AbortController();
    const onProgress = (event: { type: string }) =>
      event.type === 'output' && aborter.abort(new Error('enough'));
    await expect(run('RUN ["/do", "sleep", ""]', { signal: aborter.signal, onProgress })).rejects.toThrow(
      'enough',
    );
  });
});
