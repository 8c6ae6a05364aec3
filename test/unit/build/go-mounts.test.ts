import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../lib/build/build.ts';
import { buildFiles, Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const GOVERSION = execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
const VERSION = /go(\d+\.\d+)/.exec(GOVERSION)?.[1] as string;

/** What `docker init` writes for Go, without the parts about users and certificates. */
const INIT = `# syntax=docker/dockerfile:1
FROM golang:${VERSION} AS build
WORKDIR /src
RUN --mount=type=cache,target=/go/pkg/mod/ \\
    --mount=type=bind,source=go.sum,target=go.sum \\
    --mount=type=bind,source=go.mod,target=go.mod \\
    go mod download -x
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod/ \\
    --mount=type=bind,target=. \\
    CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /bin/server .

FROM scratch
COPY --from=build /bin/server /bin/
`;

const APP = {
  'go.mod': `module example.com/hello\n\ngo ${VERSION}\n`,
  'go.sum': '',
  'main.go': 'package main\n\nfunc main() { println("hello") }\n',
  Dockerfile: INIT,
};

const run = (files: Record<string, string>, options: Partial<BuildOptions> = {}) =>
  buildFiles(scratch, files, { engines: ['function'], ...options });

describe('RUN --mount in the function engine', () => {
  it('builds what docker init writes, and leaves nothing of what was mounted', async () => {
    const { files } = await run(APP);
    expect(Object.keys(files)).toEqual(['bin', 'bin/server']);
    const whole = await run(
      { ...APP, Dockerfile: INIT.slice(0, INIT.indexOf('FROM scratch')) },
      { target: 'build' },
    ).catch((error: unknown) => String(error));
    expect(String(whole)).toContain('no registry has golang');
  });

  it('does again what binds the file that changed, and nothing else', async () => {
    const cacheDir = scratch.directory();
    await run(APP, { cacheDir });
    const { events } = await run(
      { ...APP, 'main.go': APP['main.go'].replace('hello', 'other') },
      { cacheDir },
    );
    const [download, build] = steps(events).filter((step) => step.startsWith('RUN'));
    expect(download).toMatch(/\(cached\)$/);
    expect(build).not.toMatch(/\(cached\)$/);
  });

  it('refuses to write to what is bound, unless writes may be lost', async () => {
    const with_ = (mount: string) => ({
      ...APP,
      Dockerfile: `FROM golang:${VERSION} AS b\nWORKDIR /src\nRUN --mount=type=bind,target=.${mount} touch /src/new && touch /made\nFROM scratch\nCOPY --from=b /made /\nCOPY --from=b /sr[c] /src/\n`,
    });
    await expect(run(with_(''))).rejects.toThrow(/open \/src\/new: read-only file system/);
    expect(Object.keys((await run(with_(',rw'))).files).sort()).toEqual(['made', 'src']);
  });

  it.each([
    ['a secret', '--mount=type=secret,id=x'],
    ['an SSH agent', '--mount=type=ssh'],
    ['a tmpfs', '--mount=type=tmpfs,target=/t'],
  ])('leaves a RUN with %s to the sandbox', async (_, mount) => {
    const dockerfile = `FROM golang:${VERSION} AS b\nRUN ${mount} go version\nFROM scratch\nCOPY --from=b / /\n`;
    await expect(run({ ...APP, Dockerfile: dockerfile })).rejects.toMatchObject({ code: 'build/no-engine' });
  });

  it('runs a here-document of go commands', async () => {
    const dockerfile = `FROM golang:${VERSION} AS b\nWORKDIR /src\nCOPY . .\nRUN <<EOF\nset -e\ngo vet .\nCGO_ENABLED=0 go build -o /app .\nEOF\nFROM scratch\nCOPY --from=b /app /\n`;
    expect(Object.keys((await run({ ...APP, Dockerfile: dockerfile })).files)).toEqual(['app']);
  });
});
