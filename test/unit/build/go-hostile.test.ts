import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { classify } from '../../../lib/build/go/classify.ts';
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
  return buildFiles(scratch, context, { engines: ['function'] }).then(
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
