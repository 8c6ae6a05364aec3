import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch as watchDirectory,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { type Able, probeSandbox } from '../../../lib/sandbox/ability.ts';
import { defaultLimits } from '../../../lib/sandbox/limits.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { runInSandbox, type SandboxRun } from '../../../lib/sandbox/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'fairlead-sandbox-'));
afterAll(() => removeTree(scratch));

const ability = await probeSandbox(scratch);

/** A root with a static program in it, made with the Go that these tests need anyway. */
const lower = join(scratch, 'lower');
const PROBE = `package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "who":
		wd, _ := os.Getwd()
		names, _ := filepath.Glob("/*")
		fmt.Println(os.Getuid(), os.Getpid(), wd, names)
	case "env":
		for _, entry := range os.Environ() {
			fmt.Println(entry)
		}
	case "write":
		os.RemoveAll("/old")
		os.Mkdir("/old", 0o755)
		os.WriteFile("/old/new", []byte("x"), 0o644)
		os.Remove("/gone")
	case "read":
		for _, path := range os.Args[2:] {
			_, err := os.ReadFile(path)
			fmt.Println(path, err == nil)
		}
	case "devices":
		device := int(8<<8 | 0)
		fmt.Println(syscall.Mknod("/sda", syscall.S_IFBLK|0o600, device) == nil, canOpen("/sda"), canOpen("/dev/null"))
	case "escape":
		os.Mkdir("/x", 0o755)
		syscall.Chroot("/x")
		for i := 0; i < 50; i++ {
			os.Chdir("..")
		}
		syscall.Chroot(".")
		names, _ := filepath.Glob("/*")
		fmt.Println(names)
	case "modes":
		for _, path := range os.Args[2:] {
			fmt.Println(path, os.Chmod(path, 0o606) == nil, canOpen(path))
		}
	case "fill":
		file, _ := os.Create(os.Args[2])
		for i := 0; i < 64; i++ {
			file.Write(make([]byte, 1<<20))
			file.Sync()
		}
		time.Sleep(time.Minute)
	case "exchange":
		os.Rename("/a/b", "/a/c")
		os.Symlink(os.Args[2], "/a/b")
	case "sysrq":
		fmt.Println(os.WriteFile("/proc/sysrq-trigger", []byte("h"), 0) == nil, os.WriteFile("/proc/sys/kernel/hostname", []byte("h"), 0) == nil)
	case "sleep":
		fmt.Println("sleeping")
		time.Sleep(time.Hour)
	case "exit":
		os.Exit(7)
	}
}

func canOpen(path string) bool {
	file, err := os.Open(path)
	if err == nil {
		file.Close()
	}
	return err == nil
}
`;

function prepare(): void {
  mkdirSync(join(lower, 'old'), { recursive: true });
  writeFileSync(join(lower, 'old', 'kept'), '');
  writeFileSync(join(lower, 'gone'), '');
  mkdirSync(join(lower, 'work'));
  const source = join(scratch, 'probe.go');
  writeFileSync(source, PROBE);
  const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' };
  execFileSync('go', ['build', '-o', join(lower, 'probe'), source], { env });
}

let count = 0;

async function run(argv: string[], more: Partial<SandboxRun> = {}) {
  const directory = join(scratch, String(count++));
  for (const name of ['upper', 'work', 'merged', 'staging'])
    mkdirSync(join(directory, name), { recursive: true });
  const at = (name: string) => join(directory, name);
  const lines: string[] = [];
  const code = await runInSandbox({
    ability: ability as Able,
    root: {
      kind: 'overlay',
      lowers: [lower],
      directory,
      listing: at('listing'),
      capabilities: at('capabilities'),
    },
    argv: ['/probe', ...argv],
    env: new Map([['A', "it's $HOME"]]),
    workdir: '/work',
    workdirInRoot: 'work',
    user: { uid: 0, gid: 0, groups: [] },
    mounts: [],
    names: { resolvConf: 'etc/resolv.conf', hosts: 'etc/hosts' },
    staging: at('staging'),
    network: 'none',
    limits: defaultLimits(),
    onLine: (line) => lines.push(line),
    ...more,
  });
  return { code, lines, directory };
}

describe.skipIf(!ability.able || ability.overlay === 'none')('runInSandbox', () => {
  prepare();

  it('runs as root of its own root, first in its pid namespace', async () => {
    const { code, lines } = await run(['who']);
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ['0 1 /work [/dev /etc /gone /old /probe /proc /sys /work]'],
    });
  });

  it('gives exactly the environment that it was asked for, and the exit code', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'do-not-tell';
    try {
      expect((await run(['env'])).lines).toEqual(["A=it's $HOME"]);
      expect((await run(['exit'])).code).toBe(7);
    } finally {
      delete process.env.AWS_SECRET_ACCESS_KEY;
    }
  });

  it('makes the working directory where it is missing, and leaves it there', async () => {
    const { code, lines, directory } = await run(['who'], {
      workdir: '/made/deep',
      workdirInRoot: 'made/deep',
    });
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ['0 1 /made/deep [/dev /etc /gone /made /old /probe /proc /sys /work]'],
    });
    expect(statSync(join(directory, 'upper/made/deep')).mode & 0o777).toBe(0o755);
  });

  it('takes as long an argument as Linux does, whatever is in it', async () => {
    const text = "'".repeat(131_071);
    const { code, lines } = await run(['read', text]);
    expect(code).toBe(0);
    expect(lines[0]?.slice(0, 100)).toBe(text.slice(0, 100));
  });

  it('shows secret variables to the command, and to nobody in a list of processes', async () => {
    const secret = 'hush-7f3a-1b2c';
    const secretEnv = new Map([['TOKEN', Buffer.from(`${secret}\n`)]]);
    const watcher = watchCommandLines(secret);
    for (let time = 0; time < 3; time++) {
      const { lines } = await run(['env'], { secretEnv });
      expect(lines.sort()).toEqual(['', "A=it's $HOME", `TOKEN=${secret}`]);
    }
    expect(await watcher.end()).toEqual({ seen: [], hasLooked: true });
  });

  it('lets no variable make programs of this machine load something', async () => {
    const env = new Map([['LD_PRELOAD', join(scratch, 'evil.so')]]);
    const { code, lines } = await run(['who'], { env });
    expect({ code, lines }).toEqual({ code: 125, lines: [expect.stringContaining('no /usr/bin/env')] });
  });

  it('says so where limits cannot be held', async () => {
    const told: string[] = [];
    const controlGroups = join(scratch, 'no-such-thing');
    const { code } = await run(['who'], { controlGroups, onUnlimited: (message) => told.push(message) });
    expect(code).toBe(0);
    expect(told).toEqual([expect.stringMatching(/memory of RUN cannot be limited here/)]);
  });

  it('has the changes in the upper directory, and tells what is seen merged', async () => {
    const { directory } = await run(['write']);
    expect(readdirSync(join(directory, 'upper')).sort()).toEqual(['gone', 'old']);
    const listed = readFileSync(join(directory, 'listing'), 'utf8').split('\0').filter(Boolean).sort();
    expect(listed).toEqual(['./old', './old/new', './probe', './work']);
    expect(existsSync(join(lower, 'old', 'kept'))).toBe(true);
  });

  it('shows what is bound while it runs, and leaves no trace of it', async () => {
    const source = join(scratch, 'bound');
    writeFileSync(source, 'x');
    const bind = { source, target: 'etc/deep/bound', kind: 'file' as const, readOnly: true };
    const { lines, directory } = await run(['read', '/etc/deep/bound', source], { mounts: [bind] });
    expect(lines).toEqual(['/etc/deep/bound true', `${source} false`]);
    expect(readdirSync(join(directory, 'upper'))).toEqual([]);
  });

  it('takes away what mounts needed, and nothing of the machine where a link took its place', async () => {
    const outside = join(scratch, 'outside');
    mkdirSync(join(outside, 'deep'), { recursive: true });
    writeFileSync(join(outside, 'empty'), '');
    const source = join(scratch, 'bound');
    writeFileSync(source, 'x');
    const bind = (target: string) => ({ source, target, kind: 'file' as const, readOnly: true });
    const mounts = [bind('a/b/empty'), bind('a/b/deep/x'), bind(`y\n/${outside.slice(1)}/empty`)];
    const { code } = await run(['exchange', outside], { mounts });
    expect(code).toBe(0);
    expect(readdirSync(outside).sort()).toEqual(['deep', 'empty']);
  });

  it('ends what fills a directory that outlasts it, whatever was in there before', async () => {
    const source = join(scratch, 'cache');
    mkdirSync(source);
    writeFileSync(join(source, 'before'), Buffer.alloc(24 * 1024 ** 2));
    await setTimeout(500);
    const mounts = [{ source, target: 'c', kind: 'directory' as const, readOnly: false }];
    const limits = { ...defaultLimits(), diskBytes: 16 * 1024 ** 2, runTimeout: 30_000 };
    await expect(run(['fill', '/c/x'], { mounts, limits })).rejects.toThrow('wrote more than 16 MiB to disk');
    rmSync(join(source, 'x'));
    const small = run(['write'], { mounts, limits });
    expect((await small).code).toBe(0);
  });

  it('has devices of its own, which work, and whose modes are nobody else’s', async () => {
    const paths = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
    const modes = () => paths.map((path) => `${path} ${statSync(path).mode.toString(8)}`);
    const before = modes();
    const { lines } = await run(['modes', ...paths, '/proc/keys']);
    // The command has no terminal.
    const isRoot = ability.able && ability.as === 'root';
    const hidden = existsSync('/proc/keys') && isRoot ? ['/proc/keys true true'] : lines.slice(paths.length);
    expect(lines).toEqual([...paths.map((path) => `${path} ${isRoot} ${path !== '/dev/tty'}`), ...hidden]);
    const after = modes();
    for (const path of paths) if (isRoot) chmodSync(path, 0o666);
    expect(after).toEqual(before);
  });

  it('makes nothing outside for a mount behind a link', async () => {
    const outside = join(scratch, 'else');
    mkdirSync(outside);
    const linked = join(scratch, 'linked');
    execFileSync('cp', ['-a', lower, linked]);
    symlinkSync(outside, join(linked, 'etc'));
    const root = { kind: 'directory' as const, path: linked, capabilities: join(scratch, 'capabilities') };
    const seen = watch(outside);
    const { code } = await run(['who'], { root });
    await setTimeout(50);
    seen.close();
    expect({ code, made: seen.made }).toEqual({ code: 125, made: [] });
  });

  it('cannot leave its root, open devices, or reach the machine by /proc', async () => {
    expect((await run(['escape'])).lines[0]).toMatch(
      /^\[\/dev \/etc \/gone \/old \/probe \/proc \/sys \/work \/x\]$|^\[\]$/,
    );
    expect((await run(['devices'])).lines[0]).toMatch(/^(true|false) false true$/);
    expect((await run(['sysrq'])).lines).toEqual(['false false']);
    expect((await run(['read', `/proc/${process.pid}/environ`])).lines[0]).toMatch(/false$/);
  });

  it('ends with all it started when the signal aborts', async () => {
    const aborter = new AbortController();
    const started = Promise.withResolvers<void>();
    const running = run(['sleep'], { signal: aborter.signal, onLine: () => started.resolve() });
    const outcome = expect(running).rejects.toThrow('enough');
    await started.promise;
    aborter.abort(new Error('enough'));
    await outcome;
    await setTimeout(100);
    const commands = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(commandLine);
    expect(commands.filter((command) => command.includes('/probe\0sleep'))).toEqual([]);
  });

  it('works on a plain directory too', async () => {
    const path = join(scratch, 'plain');
    execFileSync('cp', ['-a', lower, path]);
    const { code } = await run(['write'], {
      root: { kind: 'directory', path, capabilities: join(scratch, 'capabilities') },
    });
    expect(code).toBe(0);
    expect(readdirSync(path).sort()).toEqual(['old', 'probe', 'work']);
    rmSync(path, { recursive: true });
  });
});

/** What appears in a directory, for however short a time. */
function watch(directory: string): { made: (string | null)[]; close(): void } {
  const made: (string | null)[] = [];
  const watcher = watchDirectory(directory, (_, name) => made.push(name));
  return { made, close: () => watcher.close() };
}

/** Looks at the arguments of all younger processes, again and again, in a thread of its own. */
function watchCommandLines(secret: string) {
  const code = `
    const { readdirSync, readFileSync } = require('node:fs');
    const { parentPort, workerData } = require('node:worker_threads');
    const seen = new Set();
    let looks = 0;
    parentPort.on('message', () => parentPort.postMessage({ seen: [...seen], hasLooked: looks > 10 }));
    const look = () => {
      for (const pid of readdirSync('/proc')) {
        if (!(Number(pid) > process.pid)) continue;
        try {
          const text = readFileSync('/proc/' + pid + '/cmdline', 'utf8');
          if (text.includes(workerData)) seen.add(text);
        } catch {}
      }
      looks++;
      setImmediate(look);
    };
    look();`;
  const worker = new Worker(code, { eval: true, workerData: secret });
  return {
    end: async () => {
      const answer = once(worker, 'message');
      worker.postMessage('end');
      const [told] = await answer;
      await worker.terminate();
      return told;
    },
  };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
