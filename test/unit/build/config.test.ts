// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_PATH } from '../../../lib/build/stage/config.ts';
import type { Image, RunConfig } from '../../../lib/image/types.ts';
import { buildFiles, imageOf, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

async function configOf(text: string, buildArgs: Record<string, string> = {}, base?: RunConfig) {
  const registries: Record<string, Image> = {};
  if (base !== undefined) registries.base = await imageOf(scratch, [], base);
  const { image } = await buildFiles(
    scratch,
    { Dockerfile: text },
    { buildArgs, registries: registryOf(registries), platform: { os: 'linux', architecture: 'arm64' } },
  );
  return image.config.config ?? {};
}

/** What `$x` is at the end of a Dockerfile that begins with these lines. */
async function finalValue(lines: string, buildArgs: Record<string, string> = {}, base?: RunConfig) {
  const from = base === undefined ? 'scratch' : 'base';
  const text = /^FROM/m.test(lines) ? lines : `FROM ${from}\n${lines}`;
  const { Labels } = await configOf(`${text}\nLABEL x="\${x-unset}"`, buildArgs, base);
  return Labels?.x;
}

describe('the configuration of an image', () => {
  it.each<[string, RunConfig]>([
    ['ENV a=1 b="2 3" c=4\\ 5', { Env: [`PATH=${DEFAULT_PATH}`, 'a=1', 'b=2 3', 'c=4 5'] }],
    ['ENV a 1 b=2', { Env: [`PATH=${DEFAULT_PATH}`, 'a=1 b=2'] }],
    ['ENV a=1\nENV a=2 b=$a', { Env: [`PATH=${DEFAULT_PATH}`, 'a=2', 'b=1'] }],
    ['ENV PATH=/x:$PATH', { Env: [`PATH=/x:${DEFAULT_PATH}`] }],
    ['ENV a=1 b$a=2', { Env: [`PATH=${DEFAULT_PATH}`, 'a=1', 'b=2'] }],
    ['LABEL a="b c" \'d e\'=f\\ g h=$', { Labels: { a: 'b c', 'd e': 'f g', h: '$' } }],
    ['WORKDIR /a/../b//c/\nWORKDIR d', { WorkingDir: '/b/c/d' }],
    ['ENV d=/e f=g\nWORKDIR $d\nWORKDIR ${f}/..', { WorkingDir: '/e' }],
    ['ENV u=1\nUSER $u:${g:-2}', { User: '1:2' }],
    [
      'EXPOSE 80 90/UDP 100-102',
      { ExposedPorts: { '80/tcp': {}, '90/udp': {}, '100/tcp': {}, '101/tcp': {}, '102/tcp': {} } },
    ],
    ['ENV p="1 2"\nEXPOSE $p "3"', { ExposedPorts: { '1/tcp': {}, '2/tcp': {}, '3/tcp': {} } }],
    ['EXPOSE 127.0.0.1:8080:80 9:90/sctp', { ExposedPorts: { '80/tcp': {}, '90/sctp': {} } }],
    ['ENV v=/a\nVOLUME $v /b', { Volumes: { '/a': {}, '/b': {} } }],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
    ['STOPSIGNAL sigusr1', { StopSignal: 'sigusr1' }],
    ['ENV s=15\nSTOPSIGNAL $s', { StopSignal: '15' }],
    ['CMD ["a", "$b"]', { Cmd: ['a', '$b'], ArgsEscaped: true }],
    ['CMD a $b', { Cmd: ['/bin/sh', '-c', 'a $b'], ArgsEscaped: true }],
    ['SHELL ["/b", "-c"]\nENTRYPOINT a', { Shell: ['/b', '-c'], Entrypoint: ['/b', '-c', 'a'] }],
    [
      'HEALTHCHECK --interval=30s --start-interval=1s --retries=2 CMD a b',
      {
        Healthcheck: {
          Test: ['CMD-SHELL', 'a b'],
          Interval: 30e9,
          StartInterval: 1e9,
          Retries: 2,
        },
      },
    ],
    ['HEALTHCHECK CMD ["a"]', { Healthcheck: { Test: ['CMD', 'a'] } }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    ['ONBUILD RUN <<E\nx\nE\nONBUILD COPY a b', { OnBuild: ['RUN <<E\nx\nE', 'COPY a b'] }],
  ])('of %j', async (lines, expected) => {
    expect(await configOf(`FROM scratch\n${lines}`)).toMatchObject(expected);
  });

  it('leaves out what 0 leaves to the runtime', async () => {
    const { Healthcheck } = await configOf('FROM scratch\nHEALTHCHECK --interval=0s --retries=0 CMD ["a"]');
    expect(Healthcheck).toEqual({ Test: ['CMD', 'a'] });
  });

  it.each<[string, RunConfig, Partial<Record<keyof RunConfig, unknown>>]>([
    ['ENTRYPOINT ["e"]', { Cmd: ['c'] }, { Entrypoint: ['e'], Cmd: undefined }],
    ['CMD ["d"]\nENTRYPOINT ["e"]', { Cmd: ['c'] }, { Entrypoint: ['e'], Cmd: ['d'] }],
    ['ENTRYPOINT []', { Entrypoint: ['a'], Cmd: ['c'] }, { Entrypoint: undefined, Cmd: undefined }],
    ['CMD ["d"]', { Entrypoint: ['a'] }, { Entrypoint: ['a'], Cmd: ['d'] }],
    ['CMD c', { Shell: ['/s', '-x'] }, { Cmd: ['/s', '-x', 'c'] }],
    ['USER x', { Healthcheck: { Test: ['CMD', 'a'] } }, { Healthcheck: { Test: ['CMD', 'a'] }, User: 'x' }],
    ['WORKDIR a', { WorkingDir: '/w/' }, { WorkingDir: '/w/a' }],
    ['USER x', { WorkingDir: '/w/' }, { WorkingDir: '/w' }],
    ['EXPOSE 2', { ExposedPorts: { '1/tcp': {} } }, { ExposedPorts: { '1/tcp': {}, '2/tcp': {} } }],
    ['USER x', { Env: ['a=b=c'] }, { Env: ['a=b=c', `PATH=${DEFAULT_PATH}`] }],
    ['ENV a=1', { Env: ['a=0', 'PATH=/p'] }, { Env: ['a=1', 'PATH=/p'] }],
    ['LABEL b=2', { OnBuild: ['LABEL a=1'] }, { Labels: { a: '1', b: '2' }, OnBuild: undefined }],
    ['ONBUILD USER x', { OnBuild: ['LABEL a=1'] }, { Labels: { a: '1' }, OnBuild: ['USER x'] }],
  ])('of %j on a base with %j', async (lines, base, expected) => {
    const config = await configOf(`FROM base\n${lines}`, {}, base);
    for (const [key, value] of Object.entries(expected))
      expect(config[key as keyof RunConfig]).toEqual(value);
  });

  it.each<[string, RegExp]>([
    ['EXPOSE 80-70', /Dockerfile:2: "80-70" is not a port/],
    ['EXPOSE 65536', /"65536" is not a port/],
    ['EXPOSE 80/icmp', /"80\/icmp" is not a port/],
    ['EXPOSE web', /"web" is not a port/],
    ['STOPSIGNAL SIGNOTHING', /"SIGNOTHING" is not a signal/],
    ['STOPSIGNAL 0', /"0" is not a signal/],
    ['VOLUME $nothing', /the path of a volume is empty/],
    ['LABEL a="${b?is missing}"', /Dockerfile:2: b is not set: is missing/],
  ])('cannot be made of %j', async (lines, message) => {
    await expect(configOf(`FROM scratch\n${lines}`)).rejects.toThrow(message);
  });
});

describe('variables', () => {
  it.each<[string, Record<string, string>, string]>([
    ['ARG x', {}, 'unset'],
    ['ARG x=1', {}, '1'],
    ['ARG x=1', { x: '2' }, '2'],
    ['ARG x', { x: '2' }, '2'],
    ['ARG x=1', { x: '' }, ''],
    ['USER y', { x: '2' }, 'unset'],
    ['ARG a=1 x=$a', {}, '1'],
    ['ARG a=1\nARG x="${a}2"', { a: '3' }, '32'],
    ['ENV x=1\nARG x=2', {}, '2'],
    ['ENV x=1\nARG x', { x: '3' }, '3'],
    ['ENV x=1\nARG x', {}, '1'],
    ['ARG x=2\nENV x=1', { x: '3' }, '1'],
    ['ARG x=2\nENV x=${x}1', {}, '21'],
    ['ARG x=1\nFROM scratch', {}, 'unset'],
    ['ARG x=1\nFROM scratch\nARG x', {}, '1'],
    ['ARG x=1\nFROM scratch\nARG x=2', {}, '2'],
    ['ARG x=1\nFROM scratch\nARG x', { x: '3' }, '3'],
    ['ARG a=1\nARG x=$a\nFROM scratch\nARG x', { a: '2' }, '2'],
    ['FROM scratch AS a\nARG x=1\nFROM a', {}, '1'],
    ['FROM scratch AS a\nARG x=1\nFROM scratch', {}, 'unset'],
    ['USER $TARGETARCH\nENV x=${TARGETARCH-unset}', {}, 'unset'],
    ['ARG TARGETARCH TARGETOS\nENV x=$TARGETOS/$TARGETARCH', {}, 'linux/arm64'],
    ['ARG TARGETARCH=other\nENV x=$TARGETARCH', {}, 'other'],
    ['ARG TARGETARCH\nENV x=$TARGETARCH', { TARGETARCH: 'mine' }, 'mine'],
    ['ARG x=$TARGETPLATFORM\nFROM scratch\nARG x', {}, 'linux/arm64'],
    ['FROM scratch AS last\nARG TARGETSTAGE\nENV x=$TARGETSTAGE', {}, 'last'],
    ['ARG TARGETSTAGE\nENV x=$TARGETSTAGE', {}, 'default'],
    ['ARG HTTP_PROXY\nENV x=$HTTP_PROXY', { HTTP_PROXY: 'p' }, 'p'],
    ['ENV x=${HTTP_PROXY-unset}', { HTTP_PROXY: 'p' }, 'unset'],
    ['ARG x=${y:+z}', {}, ''],
  ])('after %j with %j: $x is %j', async (lines, args, expected) => {
    expect(await finalValue(lines, args)).toBe(expected);
  });

  it("has the base image's, and lets ARG and ENV replace them", async () => {
    const base = { Env: ['x=0', 'PATH=/p'] };
    expect(await finalValue('USER y', {}, base)).toBe('0');
    expect(await finalValue('ARG x=1', {}, base)).toBe('1');
    expect(await finalValue('ARG x=1\nENV x=0', {}, base)).toBe('0');
  });

  it('has FROM see what is declared before it alone', async () => {
    expect(await configOf('ARG b=base\nFROM $b', {}, { User: 'u' })).toMatchObject({ User: 'u' });
    expect(await configOf('ARG b\nFROM ${b:-base}', {}, { User: 'u' })).toMatchObject({ User: 'u' });
    expect(await configOf('FROM ${b:-base}', { b: 'other' }, { User: 'u' })).toMatchObject({ User: 'u' });
    await expect(configOf('FROM $b', { b: 'base' }, {})).rejects.toThrow(/Dockerfile:1: .*FROM \$b is empty/);
  });

  it('tells of build args that nothing takes, and of no proxy', async () => {
    const notices = async (buildArgs: Record<string, string>) => {
      const { events } = await buildFiles(
        scratch,
        { Dockerfile: 'FROM scratch\nARG a\nUSER u' },
        { buildArgs },
      );
      return events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    };
    expect(await notices({ a: '1', b: '2' })).toEqual(['the build arg b is not used by the Dockerfile']);
    const own = { https_proxy: 'p', No_Proxy: 'x', SOURCE_DATE_EPOCH: '1', BUILDKIT_INLINE_CACHE: '1' };
    expect(await notices(own)).toEqual([]);
  });
});
