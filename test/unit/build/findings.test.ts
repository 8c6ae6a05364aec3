// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import type { BuildFailure } from '../../../lib/build/failure.ts';
import type { ImageSource } from '../../../lib/build/store/bases.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { probeSandbox } from '../../../lib/sandbox/ability.ts';
import { baseWithShell } from './shell-base.ts';
import { buildFiles, directory, imageOf, registryOf, Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const ability = await probeSandbox(scratch.root);
const VERSION = /go(\d+\.\d+)/.exec(execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }))?.[1];

async function failureOf(files: Record<string, string>, options = {}): Promise<BuildFailure> {
  return (await buildFiles(scratch, files, options).catch((error: unknown) => error)) as BuildFailure;
}

describe('ONBUILD', () => {
  it('of a base is carried out behind FROM, and not handed on', async () => {
    const base = await imageOf(scratch, [directory('base')], {
      OnBuild: ['ARG NAME=none', 'COPY a.txt /on-build', 'LABEL by=trigger name=$NAME'],
      WorkingDir: '/base',
    });
    const { image, files, events } = await buildFiles(
      scratch,
      { 'a.txt': 'a', 'b.txt': 'b', Dockerfile: 'FROM base\nCOPY b.txt .\nONBUILD RUN mine' },
      { registries: registryOf({ base }), buildArgs: { NAME: 'given' } },
    );
    expect(files).toMatchObject({ 'on-build': 'file 644 0:0 a', 'base/b.txt': 'file 644 0:0 b' });
    expect(image.config.config).toMatchObject({
      Labels: { by: 'trigger', name: 'given' },
      OnBuild: ['RUN mine'],
    });
    expect(steps(events)).toEqual(['FROM base', 'COPY a.txt /on-build', 'COPY b.txt .']);
  });

  it('of a base may take from stages, which are then built', async () => {
    const base = await imageOf(scratch, [], { OnBuild: ['COPY --from=assets /x /x'] });
    const { files } = await buildFiles(
      scratch,
      { 'a.txt': 'a', Dockerfile: 'FROM scratch AS assets\nCOPY a.txt /x\nFROM base AS app' },
      { registries: registryOf({ base }) },
    );
    expect(files).toMatchObject({ x: 'file 644 0:0 a' });
  });

  it('has stages that were finished before go on with what is in their base', async () => {
    const certificates = { path: 'etc/x.pem', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };
    const golang = await imageOf(scratch, [directory('etc'), { ...certificates, type: 'file' }]);
    const base = await imageOf(scratch, [], { OnBuild: ['LABEL a=1'] });
    const dockerfile = `FROM golang:${VERSION} AS go\nWORKDIR /w\nFROM base AS app\nCOPY --from=go /w /w\nCOPY --from=go /etc/x.pem /`;
    const registries = registryOf({ [`golang:${VERSION}`]: golang, base });
    const { files } = await buildFiles(scratch, { Dockerfile: dockerfile }, { registries });
    expect(files).toMatchObject({ 'x.pem': 'file 644 0:0 ' });
  });

  it('of a stage is for the stages that begin with it, and for nobody after them', async () => {
    const dockerfile =
      'FROM scratch AS a\nONBUILD COPY a.txt /x\nCOPY a.txt /y\nFROM a AS b\nFROM b\nLABEL x=1';
    const { image, files, events } = await buildFiles(scratch, { 'a.txt': 'a', Dockerfile: dockerfile });
    expect(Object.keys(files).sort()).toEqual(['x', 'y']);
    expect(image.config.config?.OnBuild).toBeUndefined();
    expect(steps(events).filter((step) => step.startsWith('COPY'))).toEqual([
      'COPY a.txt /y',
      'COPY a.txt /x',
    ]);
  });

  it('that is none is told at the FROM', async () => {
    const base = await imageOf(scratch, [], { OnBuild: ['FROM other'] });
    const failure = await failureOf({ Dockerfile: 'FROM base' }, { registries: registryOf({ base }) });
    expect(failure.message).toMatch(/^Dockerfile:1: .*ONBUILD FROM/);
    expect(failure.details).toContain('>>> FROM base');
  });
});

describe('a RUN that shows only later that it needs a sandbox', () => {
  it.skipIf(!ability.able)('is run in one, and what was finished before is not done again', async () => {
    const base = await baseWithShell(scratch);
    const dockerfile = `FROM scratch AS other
COPY a.txt /other
FROM golang:${VERSION} AS build
COPY --from=other /other /
ARG FLAGS
RUN go build $FLAGS
FROM scratch
COPY --from=build /ran /other /`;
    const { files, events } = await buildFiles(
      scratch,
      { Dockerfile: dockerfile, 'a.txt': 'a' },
      {
        registries: registryOf({ [`golang:${VERSION}`]: base }),
        buildArgs: { FLAGS: '-toolexec=x' },
        noCache: true,
      },
    );
    expect(files).toMatchObject({ ran: 'file 644 0:0 go build $FLAGS', other: 'file 644 0:0 a' });
    expect(steps(events).filter((step) => step.startsWith('COPY a.txt'))).toEqual(['COPY a.txt /other']);
  });

  it('fails with its line and the reason where there may be none', async () => {
    const dockerfile = `FROM golang:${VERSION}\nARG WHAT="build; make"\nRUN go $WHAT`;
    const failure = await failureOf(
      { Dockerfile: dockerfile, 'go.mod': 'module a\n' },
      { engines: ['function'] },
    );
    expect(failure).toMatchObject({ code: 'build/no-engine', line: 3 });
    expect(failure.message).toMatch(
      /this line cannot be run without a sandbox: .*this build is to do without/,
    );
  });
});

describe('a RUN for another processor', () => {
  it('is refused before anything is done, with the way out', async () => {
    const failure = await failureOf(
      { Dockerfile: 'FROM scratch AS a\nFROM scratch\nRUN ["/x"]' },
      { platform: { os: 'linux', architecture: 'riscv64' } },
    );
    expect(failure).toMatchObject({ code: 'build/no-engine', line: 3 });
    expect(failure.message).toMatch(
      /RUN for linux\/riscv64 does not work on linux\/\w+.*\$BUILDPLATFORM.*\$TARGETARCH.*build on riscv64/,
    );
  });
});

describe('named contexts', () => {
  it('are taken from by COPY --from, and images by FROM', async () => {
    const other = scratch.context({ 'o.txt': 'other', secret: 's', '.dockerignore': 'secret' });
    const base = await imageOf(scratch, [directory('base')], { User: '7' });
    const { image, files } = await buildFiles(
      scratch,
      { Dockerfile: 'FROM below\nCOPY --from=other . /' },
      {
        registries: registryOf({ 'example.com/base:1': base }),
        contexts: {
          other: { kind: 'directory', path: other },
          below: { kind: 'image', reference: 'example.com/base:1' },
        },
      },
    );
    expect(image.config.config?.User).toBe('7');
    expect(files['o.txt']).toBe('file 644 0:0 other');
    expect(Object.keys(files)).not.toContain('secret');
  });

  it('have other names than stages', async () => {
    const contexts = { a: { kind: 'directory', path: scratch.root } };
    const failure = await failureOf({ Dockerfile: 'FROM scratch AS a' }, { contexts });
    expect(failure).toMatchObject({ code: 'build/bad-context' });
  });
});

describe('what is given beside the Dockerfile', () => {
  it('are labels over its own, annotations, and its text', async () => {
    const { image } = await buildFiles(
      scratch,
      {},
      {
        dockerfileText: 'FROM scratch\nLABEL a=1 b=1',
        labels: { b: '2', c: '3' },
        annotations: { note: 'x' },
      },
    );
    expect(image.config.config?.Labels).toEqual({ a: '1', b: '2', c: '3' });
    expect(image.manifest.annotations).toEqual({ note: 'x' });
  });
});

const EMPTY: ImageSource = {
  tags: async () => ['1.22', 'latest'],
  resolve: async (reference) => {
    throw new FairleadError({
      code: 'registry/not-found',
      operation: 'pulling',
      place: `https://registry/${String(reference)}`,
      cause: 'it is not there',
    });
  },
};

describe('what is wrong', () => {
  it.each<[string, string, RegExp]>([
    [
      'a typo in a stage',
      'FROM scratch AS builder\nFROM scratch\nCOPY --from=bilder a /',
      /did you mean builder\?/,
    ],
    ['a typo in an instruction', 'FROM scratch\nCPOY a b', /did you mean COPY\?/],
    [
      'a base that is not there',
      'FROM nowhere:1',
      /Dockerfile:1: the base image nowhere:1 cannot be had: it is not there \(https:/,
    ],
    ['a typo in a tag', 'FROM golang:1.222\nRUN apk add x', /there is no tag 1\.222, did you mean 1\.22\?/],
    ['a typo in a path', 'FROM scratch\nCOPY mian.go /', /there is no mian\.go, did you mean main\.go\?/],
  ])('is shown with its line: %s', async (_name, dockerfile, message) => {
    const failure = await failureOf({ 'main.go': '', Dockerfile: dockerfile }, { registries: EMPTY });
    expect(failure.message).toMatch(message);
    expect(failure.details).toMatch(/^ *\d \| >>> /m);
  });
});
