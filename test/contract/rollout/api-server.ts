import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends the API server of the cluster in `directory` as an upgrade of it does (SIGTERM), and answers how it is started
 * again, as it was: with the same arguments, in the node's network.
 */
export async function takeApiServerDown(directory: string): Promise<() => Promise<void>> {
  const pidFile = (name: string) => join(directory, 'pids', name);
  const pid = Number.parseInt(readFileSync(pidFile('kube-apiserver'), 'utf8'), 10);
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; isRunning(pid); waited += 50) {
    // It lets requests end, and watches are requests without an end.
    if (waited === 10_000) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
  return async () => {
    const log = openSync(join(directory, 'logs/kube-apiserver.log'), 'a');
    const node = readFileSync(pidFile('etcd'), 'utf8').trim();
    const started = spawn('nsenter', [`--target=${node}`, '--net', '--', ...command], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    started.unref();
    // nsenter becomes what it starts; whoever takes the cluster down ends it by this.
    writeFileSync(pidFile('kube-apiserver'), `${started.pid}\n`);
  };
}

/** Not when it has ended and only nobody has asked how. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}
