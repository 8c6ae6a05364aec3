import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeControlGroup } from '../../../lib/sandbox/cgroup.ts';
import { defaultLimits } from '../../../lib/sandbox/limits.ts';
import { isGone, owner } from '../../../lib/sandbox/owner.ts';

const scratch = mkdtempSync(join(tmpdir(), 'fairlead-cgroup-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The name of a process that has ended. */
function ended(): string {
  const { pid } = spawnSync('true');
  return owner().replace(/\d+$/, String(pid));
}

describe('what a process made that was killed', () => {
  it('is known from what another has, and from what is not known', () => {
    expect(isGone(owner())).toBe(false);
    expect(isGone(ended())).toBe(true);
    expect(isGone(ended().replace(/^\d+/, '7'))).toBe(false);
    expect(isGone('')).toBe(false);
  });

  it('is swept from the control groups, if there is nobody in it', () => {
    // Directories in place of control groups, of which a used one is never empty.
    const top = join(scratch, 'v1');
    const dead = ended().replace(' ', '-');
    const names = [`fairlead-${dead}-0`, `fairlead-${dead}-1`, `fairlead-${owner().replace(' ', '-')}-999`];
    for (const name of names) mkdirSync(join(top, 'pids', name), { recursive: true });
    writeFileSync(join(top, 'pids', names[1] as string, 'in-use'), '');
    const group = makeControlGroup(defaultLimits(), top);
    expect(group?.missing).toEqual(['memoryBytes']);
    const left = readdirSync(join(top, 'pids'));
    expect(names.map((name) => left.includes(name))).toEqual([false, true, true]);
  });
});

it('makes nothing where there are no control groups', () => {
  expect(makeControlGroup(defaultLimits(), join(scratch, 'none'))).toBeUndefined();
  expect(existsSync(join(scratch, 'none'))).toBe(false);
});
