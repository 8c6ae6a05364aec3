import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Runtime } from '../../../local/kubernetes/kubelet/runtime.ts';
import { go, until, whyNoPods } from './test-cluster.ts';

const obstacle = await whyNoPods();

/** Runs a pod in a process of its own, and tells when it is ready. */
const program = `
  import { testCluster, until } from '${join(import.meta.dirname, 'test-cluster.ts')}';
  import { writeFileSync } from 'node:fs';
  const cluster = await testCluster();
  cluster.run('web', {});
  await until('it runs', () => cluster.status('web')?.ready);
  writeFileSync(process.argv[1], cluster.stateDir);
`;

describe.skipIf(obstacle)(`when the local cloud is killed ${obstacle ?? ''}`, () => {
  test('no process and no mount is left, and the next start clears the files', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-killed-'));
    const ready = join(directory, 'ready');
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program, ready], {
      stdio: 'inherit',
    });
    await until('its pod runs', () => existsSync(ready) && readFileSync(ready, 'utf8') !== '', 30_000);
    const stateDir = readFileSync(ready, 'utf8');
    expect(processesNaming(stateDir)).not.toEqual([]);
    child.kill('SIGKILL');
    await until('its processes are gone', () => processesNaming(stateDir).length === 0);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stateDir);
    const runtime = await Runtime.open(go);
    await runtime.remove(join(stateDir, '..'));
    expect(existsSync(stateDir)).toBe(false);
    await rm(directory, { recursive: true });
  });
});

function processesNaming(text: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(text));
}
