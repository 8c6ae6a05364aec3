import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { cgoListArguments, isCgoOn } from '../../../lib/build/go/cgo.ts';
import { buildFiles, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const VERSION = /go(\d+\.\d+)/.exec(execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }))?.[1];

/** A package that does its work in C, and has something else to say where there is no cgo. */
const FILES = {
  'go.mod': `module a\n\ngo ${VERSION}\n`,
  'main.go': 'package main\n\nimport "a/sqlite"\n\nfunc main() { println(sqlite.Open()) }\n',
  'sqlite/c.go':
    'package sqlite\n\n// int f() { return 3; }\nimport "C"\n\nfunc Open() int { return int(C.f()) }\n',
  'sqlite/stub.go': '//go:build !cgo\n\npackage sqlite\n\nfunc Open() int { panic("needs cgo") }\n',
};

const LAST = 'FROM scratch\nCOPY --from=build /src /';

function built(...lines: string[]) {
  const Dockerfile = [`FROM golang:${VERSION} AS build`, 'WORKDIR /src', 'COPY . .', ...lines, LAST].join(
    '\n',
  );
  return buildFiles(scratch, { ...FILES, Dockerfile }, { engines: ['function'] });
}

describe('packages with C in them', () => {
  it.each(['RUN go build -o app .', 'RUN go install ./...', 'RUN go build -o app ./sqlite'])(
    'are not built without it by %s',
    async (run) => {
      await expect(built(run)).rejects.toMatchObject({
        code: 'build/no-engine',
        message: expect.stringMatching(/^Dockerfile:4: .*a\/sqlite has C in it, .*CGO_ENABLED=0/),
      });
    },
  );

  it.each(['RUN CGO_ENABLED=0 go build -o app .', 'ENV CGO_ENABLED=0\nRUN go build -o app .'])(
    'are what they are without it when the Dockerfile says so: %s',
    async (run) => {
      expect((await built(run)).files).toHaveProperty('app');
    },
  );
});

describe('isCgoOn', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['build', {}, true],
    ['install', { GOOS: 'linux', GOARCH: 'amd64', CGO_ENABLED: '' }, true],
    ['build', { CGO_ENABLED: '0' }, false],
    ['build', { GOARCH: 'arm64' }, false],
    ['build', { GOOS: 'windows' }, false],
    ['vet', {}, false],
  ])('for go %s with %j: %s', (command, variables, expected) => {
    const platform = { os: 'linux', architecture: 'amd64' };
    expect(isCgoOn([command], new Map(Object.entries(variables)), platform)).toBe(expected);
  });
});

describe('cgoListArguments', () => {
  it.each<[string, string]>([
    ['build', 'list LIST'],
    ['build -o /r/app -tags=x ./cmd/...', 'list LIST -tags=x ./cmd/...'],
    ['build --o=/r/app .', 'list LIST .'],
    ['install -C /r/app -trimpath .', 'list -C /r/app LIST -trimpath .'],
    ['build -C=/r/app -o x', 'list -C=/r/app LIST'],
  ])('of %s: %s', (args, expected) => {
    const given = cgoListArguments(args.split(' ')).join(' ');
    expect(given.replace(/-deps -e -f .*?}}cgo: .*?}}{{end}}/, 'LIST')).toBe(expected);
  });
});
