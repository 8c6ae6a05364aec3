import { describe, expect, test } from 'vitest';
import {
  choosePlatform,
  machinePlatform,
  parsePlatform,
  renderPlatform,
  runsOn,
} from '../../../lib/image/platform.ts';
import type { Descriptor } from '../../../lib/image/types.ts';

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['Linux/AArch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/8', 'linux/arm64'],
  ['linux/arm64/v9', 'linux/arm64/v9'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/armhf', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6'],
  ['linux/arm/5', 'linux/arm/v5'],
  ['linux/i386', 'linux/386'],
  ['arm64', 'linux/arm64'],
  ['windows/amd64', 'windows/amd64'],
])('%s is %s', (text, normal) => {
  expect(renderPlatform(parsePlatform(text))).toBe(normal);
});

test.each(['', 'linux/', 'linux//v8', 'a/b/c/d', 'linux/amd 64'])('%o is no platform', (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'image/bad-platform' }));
});

test.each([
  ['linux/amd64', 'linux/amd64', true],
  ['linux/386', 'linux/amd64', true],
  ['linux/amd64', 'linux/386', false],
  ['linux/arm64', 'linux/amd64', false],
  ['linux/aarch64', 'linux/arm64/v8', true],
  ['windows/amd64', 'linux/amd64', false],
])('%s on %s: %s', (wanted, machine, is) => {
  expect(runsOn(parsePlatform(wanted), parsePlatform(machine))).toBe(is);
});

test("this machine's is one that Linux has", () => {
  expect(machinePlatform().os).toBe('linux');
  expect(['x64', 'x86_64', 'aarch64']).not.toContain(machinePlatform().architecture);
});

describe('the best of an index', () => {
  const index = (...platforms: string[]): Descriptor[] =>
    platforms.map((text) => {
      const [os = '', architecture = '', variant] = text.split('/');
      const platform = { os, architecture, ...(variant !== undefined && { variant }) };
      return { mediaType: text, digest: 'sha256:0', size: 0, platform };
    });

  test.each([
    ['linux/amd64', ['linux/arm64/v8', 'linux/amd64', 'unknown/unknown'], 'linux/amd64'],
    ['linux/arm64', ['linux/amd64', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64/v8', ['linux/arm64'], 'linux/arm64'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v8'], 'linux/arm/v6'],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
    ['linux/amd64', ['linux/amd64/v2'], undefined],
    ['linux/amd64', ['windows/amd64', 'linux/386'], undefined],
    ['linux/amd64', [], undefined],
  ])('for %s of %o is %s', (wanted, offered, best) => {
    expect(choosePlatform(index(...offered), parsePlatform(wanted))?.mediaType).toBe(best);
  });

  test('passes over what tells no platform', () => {
    const [one] = index('linux/amd64');
    const { platform: _, ...untold } = one as Descriptor;
    expect(choosePlatform([untold], parsePlatform('linux/amd64'))).toBeUndefined();
  });
});
