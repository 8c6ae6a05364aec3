import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildspec } from '../../../lib/engine/codebuild/buildspec.ts';

const commands: string[] = parse(buildspec()).phases.pre_build.commands;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-reach-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command that is about addresses, on a machine whose iptables notes its arguments and ends with `status`. */
function shutOut(addresses: string, status: number) {
  const iptables = `#!/bin/bash\necho "$@" >> '${join(folder, 'notes')}'\nexit ${status}\n`;
  writeFileSync(join(folder, 'notes'), '');
  writeFileSync(join(folder, 'bin', 'iptables'), iptables, { mode: 0o755 });
  const command = commands.find((each) => each.includes('iptables')) ?? 'exit 99';
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, FAIRLEAD_OUT_OF_REACH: addresses };
  const ended = spawnSync('/bin/bash', ['-c', command], { env, encoding: 'utf8' });
  return { ...ended, rules: readFileSync(join(folder, 'notes'), 'utf8') };
}

describe('the addresses at which a machine gives out its credentials', () => {
  it('are kept from containers, each of them', () => {
    const { status, rules } = shutOut('169.254.169.254 169.254.170.2', 0);
    expect(status).toBe(0);
    expect(rules).toBe(
      '--insert DOCKER-USER --destination 169.254.169.254 --jump DROP\n' +
        '--insert DOCKER-USER --destination 169.254.170.2 --jump DROP\n',
    );
  });

  it('end the build where they cannot be kept from it', () => {
    const { status, stderr } = shutOut('169.254.170.2', 1);
    expect(status).toBe(1);
    expect(stderr).toContain('fairlead-fault: machine 169.254.170.2 could not be put out of the reach');
  });

  it('are seen to before anything of the commit runs', () => {
    const at = commands.findIndex((each) => each.includes('iptables'));
    expect(at).toBeGreaterThan(0);
    for (const earlier of commands.slice(0, at)) expect(earlier).not.toMatch(/docker (buildx )?build\b/);
  });
});
