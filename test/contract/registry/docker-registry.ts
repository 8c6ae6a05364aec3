import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export const DOCKER_REGISTRY = '/usr/bin/docker-registry';

/** For `startDockerRegistry(folder, 'protected')`. */
export const ALICE = { username: 'alice', password: 'open sesame' };
const HTPASSWD = 'alice:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n';

/** Starts Debian's docker-registry with its bytes in `folder`; protected ones let in only Alice. */
export async function startDockerRegistry(folder: string, access: 'open' | 'protected' = 'open') {
  const host = `127.0.0.1:${await freePort()}`;
  const [config, htpasswd] = [join(folder, 'config.json'), join(folder, 'htpasswd')];
  await writeFile(htpasswd, HTPASSWD);
  const auth = access === 'protected' && { auth: { htpasswd: { realm: 'test', path: htpasswd } } };
  const settings = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host },
    ...auth,
  };
  await writeFile(config, JSON.stringify(settings)); // JSON is YAML
  const child = spawn(DOCKER_REGISTRY, ['serve', config], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await untilItAnswers(host);
  const close = async () => {
    child.kill();
    await ended;
  };
  return { host, close };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItAnswers(host: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer !== undefined) return;
    await wait(50);
  }
  throw new Error('docker-registry did not start');
}
