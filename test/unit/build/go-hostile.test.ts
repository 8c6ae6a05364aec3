import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classify } from '../../../lib/build/go/classify.ts';
import { gitEnvironment } from '../../../lib/build/go/sources.ts';
import { buildFiles, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const VERSION = /go(\d+\.\d+)/.exec(
  execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }),
)?.[1] as string;

/** Builds a Go stage in the function engine, and answers what it wrote, and what went wrong. */
async function attempt(lines: string, files: Record<string, string> = {}): Promise<string> {
  const Dockerfile = `FROM golang:${VERSION}\nWORKDIR /src\nCOPY . .\n${lines}\nFROM scratch\nCOPY --from=0 /src /\n`;
  const context = {
    'go.mod': `module example.com/app\n\ngo ${VERSION}\n`,
    'main.go': 'package main\n\nfunc main() {}\n',
    ...files,
    Dockerfile,
  };
  // Where a sandbox could go on with it, only what the function engine refuses shows here.
  const network = { refuse: 'local-addresses' } as const;
  return buildFiles(scratch, context, { engines: ['function'], network }).then(
    ({ events }) => events.flatMap((event) => (event.type === 'output' ? [event.text] : [])).join('\n'),
    (error: Error & { details?: string }) => `${error.message}\n${error.details ?? ''}`,
  );
}

describe('a go command runs no program of the repository', () => {
  it('as gofmt', async () => {
    const mark = join(scratch.directory(), 'ran');
    const said = await attempt('RUN GOBIN=/src go fmt ./...', { gofmt: `#!/bin/sh\ntouch ${mark}\n` });
    expect(existsSync(mark)).toBe(false);
    expect(said).toContain('it runs go fmt');
  });

  it('by a command that a variable brings along', async () => {
    const mark = join(scratch.directory(), 'ran');
    const main = `package main\n\nimport "os"\n\nfunc main() { os.WriteFile("${mark}", nil, 0o600) }\n`;
    const lines = 'ENV X="1 go run ."\nRUN env A=$X go build -o /app .';
    const said = await attempt(lines, { 'main.go': main });
    expect(existsSync(mark)).toBe(false);
    expect(said).toContain('go run runs programs of the repository');
  });

  it('by a command behind a flag', () => {
    const command = { form: 'shell', script: 'go -C build test ./...' } as const;
    expect(classify(command, ['/bin/sh', '-c'])).toEqual({
      plain: false,
      why: 'go has the flag -C before its command',
    });
  });

  it('as what the linker of C is told to run: there is none', async () => {
    const [compiler = ''] = (await attempt('RUN go env CC')).split('\n');
    expect(compiler).toMatch(/^\//);
    expect(existsSync(compiler)).toBe(false);
  });
});

describe('a go command reaches nothing that answers in the clear on this machine', () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end('SECRET');
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());

  it.each([
    ['as a proxy of modules', 'GOPROXY=https://a.invalid,HTTP://HERE', 'GOPROXY has a place that is not'],
    ['as the record of hashes', 'GOPROXY=off GOSUMDB="a http://HERE"', 'GOSUMDB has a place that is not'],
    ['as a proxy', 'GOPROXY=https://a.invalid https_proxy=http://HERE', 'https_proxy is set'],
    ['as a host of modules', 'GOPROXY=direct GOINSECURE=* GOPRIVATE=*', 'GOINSECURE is set'],
  ])('%s', async (_, variables, why) => {
    const here = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines = `ENV ${variables.replace('HERE', here)}\nRUN go mod download ${here}/x@latest`;
    expect(await attempt(lines)).toContain(why);
    expect(asked).toEqual([]);
  });

  it('nor, by git, anybody with the keys of whoever builds', async () => {
    const said = await attempt('RUN go env GOVCS');
    expect(said).toContain('*:git');
    expect(gitEnvironment({ refuse: 'nothing' })).toMatchObject({
      GIT_SSH_COMMAND: '/nonexistent/ssh',
      GIT_CONFIG_NOSYSTEM: '1',
    });
  });
});
