// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { describe, expect, it } from 'vitest';
import { resolveFroms, targetStage } from '../../../lib/build/plan/froms.ts';
import { type Abilities, planStages, type StagePlan } from '../../../lib/build/plan/plan.ts';
import { BuildArgs, globalValues } from '../../../lib/build/plan/scope.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

interface Options {
  target?: string;
  args?: Record<string, string>;
  abilities?: Abilities;
  goDirective?: number[];
  requiresModules?: boolean;
}

function plan(
  text: string,
  { target, args = {}, abilities = { go: [1, 22, 3] }, goDirective, requiresModules = false }: Options = {},
): StagePlan[] {
  const dockerfile = parseDockerfile(text);
  const buildArgs = new BuildArgs(args, { build: amd64, target: arm64 });
  const froms = resolveFroms(dockerfile, globalValues(dockerfile, buildArgs), arm64);
  const directive = goDirective === undefined ? {} : { goDirective };
  return planStages({
    dockerfile,
    froms,
    target: targetStage(dockerfile, target),
    abilities,
    requiresModules,
    ...directive,
  });
}

const GO_APP = `FROM golang:1.22 AS build
RUN go build -o /app .
FROM build AS test
RUN go vet ./...
FROM alpine AS unused
RUN apk add x
FROM scratch
COPY --from=build /app /app`;

describe('planStages', () => {
  it('plans the stages that the target needs, and no others', () => {
    expect(plan(GO_APP).map(({ stage }) => stage.index)).toEqual([0, 3]);
    expect(plan(GO_APP, { target: 'test' }).map(({ stage }) => stage.index)).toEqual([0, 1]);
  });

  it('needs the stages that are copied and mounted from, each before what takes from it', () => {
    const text = `FROM scratch AS a
FROM scratch AS b
FROM scratch AS c
FROM b AS d
RUN --mount=from=a,target=/a --mount=type=cache,from=c,target=/c --mount=from=image,target=/i x
FROM scratch AS unused
FROM scratch
COPY --from=d /x /`;
    const plans = plan(text);
    expect(plans.map(({ stage }) => stage.name)).toEqual(['a', 'b', 'c', 'd', undefined]);
    expect([...(plans[3]?.after ?? [])].sort()).toEqual([0, 1, 2]);
  });

  it.each<[string, string]>([
    ['--mount=type=secret,id=x', 'it mounts a secret'],
    ['--mount=type=ssh', 'it mounts an SSH agent'],
    ['--network=none', 'it is to have no network'],
    ['--security=insecure', 'it wants all privileges'],
  ])('gives go with %s to the sandbox: %s', (flag, why) => {
    expect(plan(`FROM golang:1.22\nRUN ${flag} go build`)).toMatchObject([
      { engine: 'sandbox', reasons: [{ line: 2, why }] },
    ]);
  });

  it('gives plain go to the function engine, without a need for the base', () => {
    expect(plan(GO_APP)).toMatchObject([
      { engine: 'function', published: false, need: 'configuration if reachable', reasons: [] },
      { engine: 'function', published: true, from: { base: { kind: 'scratch' } } },
    ]);
  });

  it('needs the files of a base that a COPY or RUN in the image depends on, and no more', () => {
    const needs = (text: string) => plan(text).map(({ need }) => need);
    expect(needs('FROM alpine\nCMD x')).toEqual(['configuration']);
    expect(needs('FROM alpine\nCOPY a b')).toEqual(['index']);
    expect(needs('FROM alpine\nRUN x')).toEqual(['files']);
    expect(needs('FROM golang:1.22\nCOPY a b')).toEqual(['configuration']);
  });

  it.each<[string, string]>([
    ['FROM golang:1.22\nRUN apk add git', 'it runs apk'],
    ['FROM golang:1.22\nRUN go test ./...', 'go test runs programs of the repository'],
    ['FROM golang:1.23\nRUN go build', "the Go at hand is 1.22.3, older than the base's 1.23"],
    ['FROM golang:1.22.4-alpine\nRUN go build', "the Go at hand is 1.22.3, older than the base's 1.22.4"],
    ['FROM alpine\nRUN go build', 'the base is not the golang image'],
    ['FROM golang:1.22\nENV CGO_ENABLED=1\nRUN go build', 'CGO_ENABLED=1 needs a C compiler'],
    ['FROM golang:1.22\nRUN CGO_ENABLED=1 go build', 'CGO_ENABLED=1 needs a C compiler'],
    ['FROM golang:1.22\nUSER app\nRUN go build', 'it runs as the user app'],
  ])("%j is the sandbox's: %s", (text, why) => {
    expect(plan(text)).toMatchObject([{ engine: 'sandbox', need: 'files', reasons: [{ why }] }]);
  });

  it.each(['1.22', '1.22-alpine', '1.22.3-bookworm', '1.20', '1', 'latest', 'alpine', 'bookworm'])(
    'builds what asks for golang:%s with Go 1.22.3',
    (tag) => {
      expect(plan(`FROM golang:${tag}\nRUN go build`)).toMatchObject([{ engine: 'function' }]);
    },
  );

  it('never builds with a Go older than go.mod asks for', () => {
    const [stage] = plan('FROM golang:1.22\nRUN go build', { goDirective: [1, 23] });
    expect(stage?.reasons).toEqual([
      { line: 2, endLine: 2, why: 'the Go at hand is 1.22.3, older than the 1.23 that go.mod asks for' },
    ]);
  });

  it('says so when there is no Go', () => {
    const [stage] = plan('FROM golang:1.22\nRUN go build', { abilities: {} });
    expect(stage?.reasons).toEqual([{ line: 2, endLine: 2, why: 'there is no Go toolchain here' }]);
  });

  it('runs stages on top of one another in the same engine', () => {
    const text =
      'FROM golang:1.22 AS a\nRUN go build\nFROM a AS b\nRUN make\nFROM scratch\nCOPY --from=b /x /x';
    expect(plan(text).map(({ engine }) => engine)).toEqual(['sandbox', 'sandbox', 'function']);
  });

  it('replaces variables in FROM, from the command line before the default', () => {
    const text = 'ARG V=1.21\nFROM --platform=$BUILDPLATFORM golang:${V}\nRUN go build';
    expect(plan(text)[0]?.from).toMatchObject({
      platform: amd64,
      base: { reference: 'golang:1.21', golang: [1, 21] },
    });
    expect(plan(text, { args: { V: '1.20' } })[0]?.from.base).toMatchObject({ reference: 'golang:1.20' });
    expect(() => plan('ARG V\nFROM ${V}\n')).toThrow(/Dockerfile:2: the image of FROM \$\{V\} is empty/);
  });

  it('refuses a target that is not there', () => {
    expect(() => plan(GO_APP, { target: 'nope' })).toThrow(/no stage is called nope.*build, test, unused/);
  });
});

describe('what a stage has of those below it', () => {
  it('runs as their USER, and in their SHELL', () => {
    const engines = (text: string) => plan(text).map(({ engine }) => engine);
    expect(engines('FROM golang AS a\nUSER 5:6\nFROM a\nRUN touch /tmp/x')).toEqual(['sandbox', 'sandbox']);
    expect(engines('FROM golang AS a\nUSER 5:6\nFROM a\nUSER root\nRUN touch /x')).toEqual([
      'function',
      'function',
    ]);
    expect(engines('FROM golang AS a\nSHELL ["zsh", "-c"]\nFROM a\nRUN touch /x')).toEqual([
      'sandbox',
      'sandbox',
    ]);
    expect(engines('FROM golang AS a\nSHELL ["zsh", "-c"]\nFROM golang\nRUN touch /x')).toEqual(['function']);
  });
});

describe("Go's caches, which are in no stage of the function engine", () => {
  const MODULES = 'FROM golang AS m\nCOPY go.mod /m/\nWORKDIR /m\nRUN go mod download';
  const BUILDER = 'FROM golang AS b\nCOPY --from=m /go/pkg /go/pkg\nCOPY . /app\nRUN go build -o /x ./app';
  const engines = (text: string, options: Options = {}) =>
    plan(text, options).map(({ engine, shares }) => `${engine} ${[...shares]}`);

  it('are shared by stages that only compile', () => {
    expect(engines(`${MODULES}\n${BUILDER}\nFROM scratch\nCOPY --from=b /x /x`)).toEqual([
      'function ',
      'function 6',
      'function ',
    ]);
  });

  it.each([
    ['the image has them', `${MODULES}\n${BUILDER}`, ['sandbox ', 'function ']],
    [
      'another engine compiles with them',
      `${MODULES}\n${BUILDER}\nRUN make\nFROM scratch\nCOPY --from=b /x /x`,
      ['sandbox ', 'sandbox ', 'function '],
    ],
    [
      'they go elsewhere',
      `${MODULES}\nFROM scratch\nCOPY --from=m /go/pkg/mod/x /x`,
      ['sandbox ', 'function '],
    ],
    [
      'what is above them is taken',
      `${MODULES}\nFROM scratch\nCOPY --from=m /go /go`,
      ['sandbox ', 'function '],
    ],
    [
      'they are mounted',
      `${MODULES}\nFROM golang AS b\nRUN --mount=from=m,source=/go/pkg,target=/go/pkg go build\nFROM scratch\nCOPY --from=b /x /x`,
      ['sandbox ', 'function ', 'function '],
    ],
  ])('are made in the files of a stage where %s', (_why, text, expected) => {
    expect(engines(text)).toEqual(expected);
  });

  it('are made in those of an image that starts go', () => {
    const requiresModules = true;
    const one = (...lines: string[]) =>
      engines(['FROM golang', 'RUN go build -o /x', ...lines].join('\n'), { requiresModules });
    expect(one()).toEqual(['sandbox ']);
    expect(one('CMD go run .')).toEqual(['sandbox ']);
    expect(one('CMD ["air", "-c", "x"]')).toEqual(['sandbox ']);
    expect(one('ENTRYPOINT ["/usr/local/go/bin/go", "run", "."]')).toEqual(['sandbox ']);
    expect(one('CMD ["/x"]')).toEqual(['function ']);
    expect(one('ENTRYPOINT /x --go')).toEqual(['function ']);
    expect(engines('FROM golang\nRUN go build -o /x')).toEqual(['function ']);
  });
});

describe("Docker's official image of Go", () => {
  const isOfficial = (image: string) => plan(`FROM ${image}`)[0]?.from.base;

  it.each([
    'golang:1.22',
    'docker.io/library/golang:1.22',
    'library/golang:1.22',
    'index.docker.io/library/golang:1.22',
    'public.ecr.aws/docker/library/golang:1.22',
    'mirror.gcr.io/library/golang:1.22',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/golang:1.22',
    '10.0.0.1:5000/docker.io/library/golang:1.22',
  ])('is %s', (image) => {
    expect(isOfficial(image)).toMatchObject({ golang: [1, 22] });
  });

  it.each([
    'mcr.microsoft.com/oss/go/microsoft/golang:1.22',
    'registry.example.com/golang:1.22',
    'registry.example.com/library/golang:1.22',
    'someone/golang:1.22',
    'quay.io/notdocker.io/library/golang:1.22',
    'evil.dkr.ecr.eu-west-1.amazonaws.com.example.com/library/golang:1.22',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/golang:1.22',
  ])('is not %s', (image) => {
    expect(isOfficial(image)).not.toHaveProperty('golang');
  });
});
