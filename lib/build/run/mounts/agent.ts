import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';

/** A socket that passes on what a RUN asks an SSH agent. */
export interface AgentRelay {
  close(): void;
}

/** draft-ietf-sshm-ssh-agent, 6.1: what only lists keys and signs. */
const ALLOWED = [11, 13];

/** SSH_AGENT_FAILURE, as a whole message. */
const FAILURE = Buffer.from([0, 0, 0, 1, 5]);

/** A message that is longer than this is none. */
const LONGEST = 256 * 1024;

/**
 * Listens at `path` and passes messages on to the agent at `agent`. The RUN may use the keys, and neither add, remove nor
 * lock any, as with BuildKit (session/sshforward, `readOnlyAgent`).
 */
export async function relayAgent(
  agent: string,
  path: string,
  owner: { uid: number; gid: number; mode: number },
): Promise<AgentRelay> {
  const open = new Set<Socket>();
  const server = createServer((asker) => {
    const asking = connect(agent);
    for (const socket of [asker, asking]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        asker.destroy();
        asking.destroy();
      });
    }
    asking.pipe(asker);
    filter(asker, asking);
  });
  const directory = openSync(dirname(path), 'r');
  try {
    // The name of a socket has 107 bytes at most (unix(7)), and a cache directory may be deep.
    const isLong = Buffer.byteLength(path) > 107;
    server.listen(isLong ? `/proc/self/fd/${directory}/${basename(path)}` : path);
    await once(server, 'listening');
  } catch (error) {
    closeSync(directory);
    throw error;
  }
  // A connection that could not be taken is the RUN's to ask for again.
  server.on('error', () => undefined);
  chmodSync(path, owner.mode);
  if (process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
  return {
    close: () => {
      server.close(() => closeSync(directory));
      for (const socket of open) socket.destroy();
      rmSync(path, { force: true });
    },
  };
}

function filter(asker: Socket, asking: Socket): void {
  let bytes: Buffer = Buffer.alloc(0);
  asker.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 5) {
      const length = 4 + bytes.readUInt32BE(0);
      if (length > LONGEST || length < 5) {
        asker.destroy();
        return;
      }
      if (bytes.length < length) return;
      const message = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      if (ALLOWED.includes(message[4] as number)) asking.write(message);
      else asker.write(FAILURE);
    }
  });
}
