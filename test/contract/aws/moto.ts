import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { trixieRoot, whyNoTrixie } from '../trixie.ts';

/** Moto 5.1, AWS's services as others understand them, with what its server imports and Debian only recommends. */
const MOTO = ['python3-moto', 'python3-flask', 'python3-flask-cors', 'python3-docker'];

/** `nobody`: it has to write nothing. */
const NOBODY = '65534:65534';

/** Why there can be no moto here; nothing when there can. */
export function whyNoMoto(): string | undefined {
  return whyNoTrixie(MOTO);
}

/** Starts moto's server, for itself, on a loopback port that the system chooses; all its state is in memory. */
export async function startMoto() {
  const root = await trixieRoot(MOTO);
  const server = ['python3', '-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'];
  const child = spawn('/usr/sbin/chroot', [`--userspec=${NOBODY}`, root, ...server], {
    env: { PATH: '/usr/bin', HOME: '/tmp', LC_ALL: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill();
    await ended;
  };
  const endpoint = await addressIn(child.stderr);
  if (endpoint !== undefined) return { endpoint, close };
  await close();
  throw new Error('moto did not start');
}

/** What the server says of itself: ` * Running on http://127.0.0.1:4711`. The rest is read too, or it would stand still. */
async function addressIn(stderr: Readable): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  createInterface(stderr)
    .on('line', (line) => {
      const address = /Running on (http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    })
    .on('close', () => resolve(undefined));
  return await promise;
}
