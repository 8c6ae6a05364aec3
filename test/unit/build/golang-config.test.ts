// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { afterAll, describe, expect, it } from 'vitest';
import { askedOfGolang, golangConfig } from '../../../lib/build/plan/golang-config.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import { FairleadError } from '../../../lib/errors.ts';
import type { Image } from '../../../lib/image/types.ts';
import { buildFiles, imageOf, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

// An old version, which any Go at hand builds.
const GOLANG = 'golang:1.5';
const OWN = { Env: [...(golangConfig(GOLANG).Env ?? []), 'GOLANG_VERSION=1.5.4'], WorkingDir: '/go' };

const dockerfileFor = (run: string) =>
  `FROM ${GOLANG} AS b\nRUN ${run}\nFROM scratch\nCOPY --from=b /go/x /x\n`;

const SILENT = {
  resolve: async (): Promise<Image> => {
    throw new FairleadError({
      code: 'registry/unreachable',
      operation: 'asking',
      cause: 'nobody answers',
      temporary: true,
    });
  },
};

describe('a golang base of which nothing is in the image', () => {
  it('gives the same digest whether its registry answers or not, and says when it does not', async () => {
    const Dockerfile = dockerfileFor('mkdir -p $PWD/x/$GOPATH');
    const registries = registryOf({ [GOLANG]: await imageOf(scratch, [], OWN) });
    const cacheDir = scratch.directory();
    const silent = await buildFiles(scratch, { Dockerfile }, { registries: SILENT, cacheDir });
    const answering = await buildFiles(scratch, { Dockerfile }, { registries, cacheDir });
    expect(silent.image.digest).toBe(answering.image.digest);
    const notices = ({ events }: typeof silent) =>
      events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    const said = expect.stringMatching(/^golang:1\.5 was not looked up.*nobody answers/);
    expect(notices(silent)).toContainEqual(said);
    expect(notices(answering)).not.toContainEqual(said);
  });

  it('has to be had where a stage asks what its name does not tell, and what failed is not remembered', async () => {
    const Dockerfile = dockerfileFor('mkdir -p x/go-$GOLANG_VERSION');
    const cacheDir = scratch.directory();
    const silent = buildFiles(scratch, { Dockerfile }, { registries: SILENT, cacheDir });
    await expect(silent).rejects.toMatchObject({ code: 'registry/unreachable', fault: { temporary: true } });
    const registries = registryOf({ [GOLANG]: await imageOf(scratch, [], OWN) });
    const { files } = await buildFiles(scratch, { Dockerfile }, { registries, cacheDir });
    expect(Object.keys(files)).toEqual(['x', 'x/go-1.5.4']);
  });
});

describe('askedOfGolang', () => {
  const asked = (image: string, ...lines: string[]) =>
    askedOfGolang(parseDockerfile([`FROM ${image} AS b`, ...lines].join('\n')), 0, image);

  it.each<[string, string[], string | undefined]>([
    ['golang:1.22', ['RUN go build -o $GOPATH/x .', 'ENV PATH=$PATH:/x', 'RUN cp x $HOME'], undefined],
    ['golang:1.22', ['RUN echo $GOLANG_VERSION'], '$GOLANG_VERSION'],
    ['golang:1.22.3-alpine', ['RUN echo $GOLANG_VERSION $GOTOOLCHAIN'], undefined],
    ['golang', ['RUN echo $GOTOOLCHAIN'], '$GOTOOLCHAIN'],
    ['golang:1.20.1', ['RUN echo $GOTOOLCHAIN'], '$GOTOOLCHAIN'],
    ['golang:1.22', ['ARG VERSION', 'RUN echo ${VERSION:-1}'], undefined],
    ['golang:1.22', ['ARG GOLANG_VERSION', 'RUN echo $GOLANG_VERSION'], '$GOLANG_VERSION'],
    ['golang:1.22', ['RUN X=1; echo $X'], undefined],
    ['golang:1.22', ['FROM b AS c', 'COPY x /$OTHER'], '$OTHER'],
    ['golang:1.22', ['FROM scratch', 'COPY x /$OTHER'], undefined],
    ['golang:1.4-onbuild', [], 'ONBUILD'],
  ])('of %s with %j: %s', (image, lines, expected) => {
    expect(asked(image, ...lines)).toBe(expected);
  });
});
