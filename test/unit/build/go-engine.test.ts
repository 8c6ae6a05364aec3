// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { BuildFailure } from '../../../lib/build/failure.ts';
import { readLayer } from '../../../lib/image/read-layer.ts';
import type { Image } from '../../../lib/image/types.ts';
import { buildFiles, imageOf, registryOf, Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

// The version at hand, so that these tests run with any Go.
const VERSION = /go(\d+\.\d+)/.exec(
  execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }),
)?.[1] as string;

const APP = {
  'go.mod': `module example.com/hello\n\ngo ${VERSION}\n`,
  'main.go': `package main

import (
	"os"
	"runtime"

	"example.com/hello/internal/words"
)

func main() {
	_, file, _, _ := runtime.Caller(0)
	os.Stdout.WriteString(words.Hello + " from " + file + "\\n")
}
`,
  'internal/words/words.go': 'package words\n\nvar Hello = "hello"\n',
  Dockerfile: `FROM golang:${VERSION} AS build
WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -o /out/app .

FROM scratch
COPY --from=build /out/app /app
EXPOSE 8080
ENTRYPOINT ["/app"]
`,
};

// ELF header, e_machine.
const EM_AARCH64 = 183;
const EM_X86_64 = 62;

/** Runs an executable of an image, and answers what it wrote. */
async function run(image: Image, name: string): Promise<string> {
  const file = join(scratch.directory(), 'program');
  writeFileSync(file, await contents(image, name), { mode: 0o755 });
  return execFileSync(file, { encoding: 'utf8' });
}

async function contents(image: Image, name: string): Promise<Buffer> {
  for (const { open, descriptor } of image.layers) {
    const extract = tar.extract();
    readLayer(await open(), descriptor.mediaType).pipe(extract);
    for await (const entry of extract) {
      const bytes = await buffer(entry);
      if (entry.header.name === name) return bytes;
    }
  }
  throw new Error(`the image has no ${name}`);
}

describe('the function engine', () => {
  it('builds a Go program from scratch to scratch, with the paths that the Dockerfile names', async () => {
    const { image, files, events } = await buildFiles(scratch, APP);
    expect(Object.keys(files)).toEqual(['app']);
    expect(files.app).toMatch(/^file 755 0:0 /);
    expect(image.config.config).toMatchObject({ Entrypoint: ['/app'], ExposedPorts: { '8080/tcp': {} } });
    expect(await run(image, 'app')).toBe('hello from /src/main.go\n');
    expect(steps(events)).toContain('RUN CGO_ENABLED=0 go build -o /out/app .');
  });

  it('makes the same digest wherever it builds, with the cache and without, and shows nothing of how', async () => {
    const cacheDir = scratch.directory();
    const first = await buildFiles(scratch, APP, { cacheDir });
    const again = await buildFiles(scratch, APP, { cacheDir });
    const anew = await buildFiles(scratch, APP, { cacheDir, noCache: true });
    const elsewhere = await buildFiles(scratch, APP);
    expect(new Set([first, again, anew, elsewhere].map(({ image }) => image.digest)).size).toBe(1);
    expect(steps(again.events).filter((step) => !step.startsWith('FROM'))).toEqual([
      'WORKDIR /src (cached)',
      'COPY go.mod ./ (cached)',
      'RUN go mod download (cached)',
      'COPY . . (cached)',
      'RUN CGO_ENABLED=0 go build -o /out/app . (cached)',
      'COPY --from=build /out/app /app (cached)',
    ]);
    expect(steps(anew.events).some((step) => step.endsWith('(cached)'))).toBe(false);
    const bytes = await contents(first.image, 'app');
    expect(bytes.includes(scratch.root)).toBe(false);
    expect(bytes.includes('fairlead')).toBe(false);
  });

  it("tells the compiler's complaint at the paths of the Dockerfile, and the lines around the RUN", async () => {
    const files = { ...APP, 'internal/words/words.go': 'package words\n\nvar Hello = hello\n' };
    const failure = await buildFiles(scratch, files).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BuildFailure);
    const { message, details, line, code } = failure as BuildFailure;
    expect({ line, code }).toEqual({ line: 6, code: 'build/run-failed' });
    expect(message).toMatch(
      /^Dockerfile:6: the command ended with exit code \d: .*words\.go:3:13: undefined: hello/,
    );
    expect(details).toContain('6 | >>> RUN CGO_ENABLED=0 go build -o /out/app .');
    expect(details).not.toContain(scratch.root);
  });

  it('compiles for the platform of the image, and for what the Dockerfile says', async () => {
    const cacheDir = scratch.directory();
    const platform = { os: 'linux', architecture: 'arm64' };
    const small = { ...APP, 'main.go': 'package main\n\nfunc main() {}\n' };
    const crossed = APP.Dockerfile.replace('FROM golang', 'FROM --platform=$BUILDPLATFORM golang');
    const asked = crossed
      .replace('WORKDIR', 'ARG TARGETOS TARGETARCH\nWORKDIR')
      .replace('go build', 'GOOS=$TARGETOS GOARCH=${TARGETARCH} go build');
    const machines = [];
    for (const dockerfile of [APP.Dockerfile, asked, crossed]) {
      const { image } = await buildFiles(
        scratch,
        { ...small, Dockerfile: dockerfile },
        { platform, cacheDir },
      );
      expect(image.config.architecture).toBe('arm64');
      machines.push((await contents(image, 'app')).readUInt16LE(18));
    }
    expect(machines).toEqual([EM_AARCH64, EM_AARCH64, process.arch === 'arm64' ? EM_AARCH64 : EM_X86_64]);
  });

  it("passes nothing of the builder's environment to a RUN", async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'do-not-tell';
    const files = {
      ...APP,
      Dockerfile: `FROM golang:${VERSION}\nRUN go env && echo "[$AWS_SECRET_ACCESS_KEY]"\n`,
    };
    try {
      const { events } = await buildFiles(scratch, files, { registries: await golang() });
      const output = events.flatMap((event) => (event.type === 'output' ? [event.text] : []));
      expect(output).toContain('[]');
      expect(output.join('\n')).not.toContain('do-not-tell');
    } finally {
      delete process.env.AWS_SECRET_ACCESS_KEY;
    }
  });

  it('uses a newer Go with a notice, an older one never', async () => {
    const older = { ...APP, Dockerfile: APP.Dockerfile.replace(VERSION, '1.5') };
    const { events } = await buildFiles(scratch, older);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'notice', line: 1, message: expect.stringMatching(/asks for 1\.5/) }),
    );
    const demanding = { ...APP, 'go.mod': 'module example.com/hello\n\ngo 1.99\n' };
    await expect(buildFiles(scratch, demanding)).rejects.toThrow(
      /older than the 1\.99 that go\.mod asks for|no registry/,
    );
  });

  it('makes an image on top of golang, without reading its layers', async () => {
    const registries = await golang();
    const dockerfile = `FROM golang:${VERSION}\nWORKDIR /app\nCOPY . .\nRUN go build -o /usr/local/bin/server .\nCMD ["server"]`;
    const { image, files } = await buildFiles(scratch, { ...APP, Dockerfile: dockerfile }, { registries });
    expect(image.config.config).toMatchObject({
      Cmd: ['server'],
      WorkingDir: '/app',
      // The base has none, and BuildKit sets one.
      Env: ['GOPATH=/go', 'BASE=1', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    });
    expect(files['usr/local/bin/server']).toMatch(/^file 755/);
    expect(files['app/main.go']).toMatch(/^file 644/);
  });

  it('has what go install installs where GOPATH says', async () => {
    const dockerfile = `FROM golang:${VERSION} AS b\nWORKDIR /src\nCOPY . .\nRUN go install .\nFROM scratch\nCOPY --from=b /go/bin/hello /`;
    const { files } = await buildFiles(scratch, { ...APP, Dockerfile: dockerfile });
    expect(Object.keys(files)).toEqual(['hello']);
  });

  it('finds in the base what the stage did not make', async () => {
    const registries = await golang();
    const dockerfile = `FROM golang:${VERSION} AS b\nRUN mkdir /etc/own\nFROM scratch\nCOPY --from=b /etc /e`;
    const { files } = await buildFiles(scratch, { ...APP, Dockerfile: dockerfile }, { registries });
    expect(files).toMatchObject({ 'e/ssl.pem': 'file 644 0:0 certificates', 'e/own': 'directory 755 0:0' });
  });

  it('says why it could not run a line, where nothing else can', async () => {
    const dockerfile = `FROM golang:${VERSION}\nARG TOOL\nRUN go build -o /x \\\n  $TOOL\n`;
    const files = { ...APP, Dockerfile: dockerfile };
    const failure = await buildFiles(scratch, files, {
      registries: await golang(),
      buildArgs: { TOOL: '-toolexec=x' },
      engines: ['function'],
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BuildFailure);
    expect((failure as BuildFailure).message).toMatch(/^Dockerfile:3: .*it has the flag -toolexec/);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a replace by an absolute path',
      { 'go.mod': `${APP['go.mod']}replace x => /root/x\n` },
      /go\.mod names \/root\/x/,
    ],
    [
      'a replace that climbs out',
      { 'go.mod': `${APP['go.mod']}replace x => ../../x\n` },
      /go\.mod names \.\.\/\.\.\/x/,
    ],
    [
      'assembly that includes what is elsewhere',
      { 'x.s': '#include "/etc/hostname"\n', 'x.go': 'package main\n\nfunc x()\n' },
      /x\.s: includes a file of another directory/,
    ],
  ])('reads nothing outside of the stage: %s', async (_name, files, message) => {
    const alone = buildFiles(scratch, { ...APP, ...files }, { engines: ['function'] });
    await expect(alone).rejects.toThrow(message);
  });

  async function golang() {
    const text = 'certificates';
    const file = join(scratch.context({ pem: text }), 'pem');
    const image = await imageOf(
      scratch,
      [
        { path: 'etc', type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0 },
        { path: 'etc/ssl.pem', type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: text.length, file },
      ],
      { Env: ['GOPATH=/go', 'BASE=1'], WorkingDir: '/go' },
    );
    return registryOf({ [`golang:${VERSION}`]: image });
  }
});

describe('commands beside go', () => {
  async function made(script: string): Promise<Record<string, string>> {
    const dockerfile = `FROM golang:${VERSION} AS b\nWORKDIR /w\nCOPY . .\nRUN ${script}\nFROM scratch\nCOPY --from=b /w /`;
    const context = {
      'a.txt': 'a',
      'd/e': 'e',
      '.dockerignore': 'Dockerfile\n.dockerignore',
      Dockerfile: dockerfile,
    };
    return (await buildFiles(scratch, context)).files;
  }
  const E = { d: 'directory 755 0:0', 'd/e': 'file 644 0:0 e' };
  const A = { 'a.txt': 'file 644 0:0 a' };

  it.each<[string, Record<string, string>]>([
    [
      'mkdir -p x/y && cp a.txt x/y',
      { ...A, ...E, x: 'directory 755 0:0', 'x/y': 'directory 755 0:0', 'x/y/a.txt': 'file 644 0:0 a' },
    ],
    ['cp -r d /w/f', { ...A, ...E, f: 'directory 755 0:0', 'f/e': 'file 644 0:0 e' }],
    ['cd d && cp e ../g', { ...A, ...E, g: 'file 644 0:0 e' }],
    ['mv a.txt b; rm -rf d', { b: 'file 644 0:0 a' }],
    [
      'chmod +x a.txt; chmod 600 d/e',
      { 'a.txt': 'file 755 0:0 a', d: 'directory 755 0:0', 'd/e': 'file 600 0:0 e' },
    ],
    ['touch new; rm nothing; true', { ...A, ...E, new: 'file 644 0:0 ' }],
    ['export X=h && cp a.txt $X', { ...A, ...E, h: 'file 644 0:0 a' }],
    ['cp ../../../../w/a.txt /../w/i', { ...A, ...E, i: 'file 644 0:0 a' }],
  ])('%s', async (script, expected) => {
    expect(await made(script)).toEqual(expected);
  });

  it.each([
    ['rm nothing', /rm: cannot remove 'nothing': No such file/],
    ['cp d x', /-r not specified; omitting directory 'd'/],
    ['set -e; rm nothing; true', /No such file/],
    ['mkdir d', /File exists/],
    ['cd nowhere && true', /can't cd to 'nowhere'/],
  ])('%s fails', async (script, message) => {
    await expect(made(script)).rejects.toThrow(message);
  });

  it('never follows a symlink of the context out of the stage', async () => {
    const secret = join(scratch.context({ secret: 'secret' }), 'secret');
    for (const link of [
      secret,
      `${'../'.repeat(20)}${secret.slice(1)}`,
      `x/../${'../'.repeat(20)}${secret.slice(1)}`,
    ]) {
      const dockerfile = `FROM golang:${VERSION} AS b\nWORKDIR /w\nCOPY c/ .\nRUN cp link copy\nFROM scratch\nCOPY --from=b /w /`;
      const built = buildFiles(scratch, { 'c/link': `-> ${link}`, Dockerfile: dockerfile });
      await expect(built).rejects.toThrow(/cp: cannot stat 'link'/);
    }
    expect(readFileSync(secret, 'utf8')).toBe('secret');
  });
});
