import { describe, expect, it } from 'vitest';
import { parseMode } from '../../../lib/build/copy/mode.ts';

describe('--chmod', () => {
  // As chmod(1) with umask 0 makes of them.
  it.each([
    ['644', 0o777, false, 0o644],
    ['0755', 0o600, true, 0o755],
    ['4711', 0o600, false, 0o4711],
    ['00755', 0o600, false, 0o755],
    ['u=rwX,go=rX', 0o600, false, 0o644],
    ['u=rwX,go=rX', 0o700, false, 0o755],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['go-w', 0o666, false, 0o644],
    ['+x', 0o644, false, 0o755],
    ['a+r', 0o200, false, 0o644],
    ['a+X', 0o644, false, 0o644],
    ['go=', 0o777, false, 0o700],
    ['go=u-w', 0o700, false, 0o755],
    ['g=u', 0o740, false, 0o770],
    ['u+s', 0o755, false, 0o4755],
    ['g+s', 0o755, true, 0o2755],
    ['u-s', 0o6755, false, 0o2755],
    ['+t', 0o777, true, 0o1777],
    ['o+t', 0o777, true, 0o777],
    ['u=x,g=w,o=r', 0o777, false, 0o124],
    ['ug+rw-x', 0o111, false, 0o661],
  ])('%s makes of %o', (text, mode, isDirectory, expected) => {
    expect((parseMode(text)?.(mode, isDirectory) ?? -1).toString(8)).toBe(expected.toString(8));
  });

  it.each(['', '8', '99', '77777', 'x', 'u', 'u=q', 'u+r,', ',u+r', '-1', 'z+r'])('%j is no mode', (text) => {
    expect(parseMode(text)).toBeUndefined();
  });
});
