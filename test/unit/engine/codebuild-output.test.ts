import { describe, expect, it } from 'vitest';
import { failureFrom } from '../../../lib/engine/codebuild/failure.ts';
import { BuildKitOutput } from '../../../lib/engine/codebuild/output.ts';

const lines = (text: string) => text.trim().split('\n');

function read(text: string) {
  const output = new BuildKitOutput();
  return lines(text).flatMap((line) => output.read(line) ?? []);
}

describe("BuildKit's plain progress", () => {
  it('becomes steps, as our own builder tells them', () => {
    const events = read(`
#1 [internal] load build definition from Dockerfile
#1 DONE 0.1s
#5 [build 1/3] FROM docker.io/library/golang
#5 CACHED
#6 [build 2/3] COPY . .
#6 DONE 0.2s
#7 [build 3/3] RUN go build
#7 0.512 go: downloading example.com/x v1.0.0
#6 [build 2/3] COPY . .
#7 [build 3/3] RUN go build
#7 DONE 2.1s
#8 exporting to image
#8 DONE 0.4s`);
    expect(events.filter(({ type }) => type === 'step')).toEqual([
      expect.objectContaining({ stage: 'build', number: 1, total: 3, cached: true, ms: 0 }),
      expect.objectContaining({ stage: 'build', number: 2, total: 3, cached: false, ms: 200 }),
      expect.objectContaining({ instruction: 'RUN go build', number: 3, ms: 2100 }),
    ]);
    expect(events.filter(({ type }) => type === 'step-start')).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'output')).toEqual([
      { type: 'output', line: 0, text: 'go: downloading example.com/x v1.0.0' },
    ]);
  });

  it('is read where stages have no name, and where several platforms are built', () => {
    const events = read(
      '#5 [2/4] RUN true\n#5 DONE 1.0s\n#6 [linux/arm64 build 3/4] RUN false\n#6 DONE 1.0s',
    );
    expect(events.map((event) => 'stage' in event && event.stage)).toEqual([
      'stage-0',
      'stage-0',
      'build',
      'build',
    ]);
  });
});

describe('a failed build', () => {
  it('says the line, the exit code and what the command said last', () => {
    const failure = failureFrom(
      lines(`
#7 [build 3/3] RUN go build
#7 0.512 ./main.go:3:1: syntax error
#7 ERROR: process "/bin/sh -c go build" did not complete successfully: exit code: 2
------
 > [build 3/3] RUN go build:
0.512 ./main.go:3:1: syntax error
------
Dockerfile:4
--------------------
   2 |     WORKDIR /src
   3 |     COPY . .
   4 | >>> RUN go build
   5 |
--------------------
ERROR: failed to solve: process "/bin/sh -c go build" did not complete successfully: exit code: 2
[Container] 2026/11/21 10:00:00.000000 Command did not exit successfully`),
    );
    expect(failure).toEqual({
      outcome: 'failed',
      blame: 'commit',
      reason: 'Dockerfile:4: the command ended with exit code 2: ./main.go:3:1: syntax error',
      line: 4,
      details: `./main.go:3:1: syntax error

Dockerfile:4
   2 |     WORKDIR /src
   3 |     COPY . .
   4 | >>> RUN go build
   5 |`,
    });
  });

  it('is understood from docker 20.10 too', () => {
    const failure = failureFrom(
      lines(`
#5 [2/2] RUN echo no; exit 3
#5 sha256:d7bbf62bd4d73549eed2cac8a2e4bca15172bac95034355b8ba8d0ef8646e4b5
#5 0.213 no
#5 ERROR: executor failed running [/bin/sh -c echo no; exit 3]: exit code: 3
------
 > [2/2] RUN echo no; exit 3:
------
executor failed running [/bin/sh -c echo no; exit 3]: exit code: 3`),
    );
    expect(failure).toMatchObject({
      blame: 'commit',
      reason: 'the command ended with exit code 3: no',
      details: 'no',
    });
  });

  it.each([
    [
      'ERROR: failed to solve: golang:9: failed to resolve source metadata for docker.io/library/golang:9: not found',
    ],
    ['ERROR: failed to solve: failed to push registry.example/web: unexpected status: 403 Forbidden'],
    [
      'failed to solve with frontend dockerfile.v0: failed to create LLB definition: pull access denied, repository does not exist',
    ],
  ])('is nobody’s who committed: %s', (line) => {
    expect(failureFrom([line])).toMatchObject({ outcome: 'failed', blame: 'elsewhere' });
  });

  it.each([
    ['ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: RUNN'],
    [
      'ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref x: "/nope": not found',
    ],
  ])('is the commit’s: %s', (line) => {
    expect(failureFrom([line])).toMatchObject({ outcome: 'failed', blame: 'commit' });
  });

  it('says what the script said, with what went before', () => {
    const failure = failureFrom([
      'curl: (22) The requested URL returned error: 404',
      'fairlead-fault: source the git host gave no archive of the commit',
    ]);
    expect(failure).toMatchObject({
      blame: 'elsewhere',
      reason: 'the git host gave no archive of the commit: curl: (22) The requested URL returned error: 404',
    });
  });

  it('is not made up', () => {
    expect(failureFrom(['#7 DONE 2.1s', '[Container] Phase complete: BUILD State: FAILED'])).toBeUndefined();
  });
});
