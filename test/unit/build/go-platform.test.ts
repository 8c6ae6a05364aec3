import { describe, expect, it } from 'vitest';
import { goEnvironment } from '../../../lib/build/go/environment.ts';
import { parsePlatform } from '../../../lib/image/platform.ts';

const network = { refuse: 'nothing' } as const;
const directories = { root: '/r', buildCache: '/b', moduleCache: '/m', temporary: '/t', home: '/h' };
const toolchain = { go: '/go', environment: {}, version: [1, 22], name: 'go1.22', goroot: '/goroot' };

describe('what go compiles for', () => {
  it.each<[string, object]>([
    ['linux/arm/v6', { GOARCH: 'arm', GOARM: '6' }],
    ['linux/arm', { GOARCH: 'arm', GOARM: '7' }],
    ['linux/arm64/v8', { GOARCH: 'arm64' }],
    ['linux/amd64', { GOARCH: 'amd64' }],
  ])('on a stage for %s', (platform, expected) => {
    const variables = new Map<string, string>();
    const input = { toolchain, directories, variables, toolexec: '/x', hasWorkspace: false, network };
    const { GOARCH, GOARM } = goEnvironment({ ...input, platform: parsePlatform(platform) });
    expect(JSON.parse(JSON.stringify({ GOARCH, GOARM }))).toEqual(expected);
  });

  it('is what the stage says before that', () => {
    const variables = new Map([
      ['GOARCH', 'riscv64'],
      ['GOARM', '5'],
    ]);
    const input = { toolchain, directories, variables, toolexec: '/x', hasWorkspace: false, network };
    const env = goEnvironment({ ...input, platform: parsePlatform('linux/arm/v7') });
    expect(env).toMatchObject({ GOARCH: 'riscv64', GOARM: '5' });
  });
});
