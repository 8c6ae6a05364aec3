import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Something that passes questions for names on to this machine's own name server. */
export interface NameRelay {
  close(): void;
}

const PATIENCE_MS = 10_000;

/** Questions that may wait for an answer at once. */
const MOST_OPEN = 512;

/**
 * Listens at `address`, port 53, and passes what comes on to `server`, which listens on this machine's loopback only:
 * a command in a network of its own cannot reach it there.
 */
export async function relayNames(
  server: string,
  address: string,
  port = 53,
  from = port,
): Promise<NameRelay> {
  const open = new Set<Datagrams | Socket>();
  const datagrams = await relayDatagrams(server, port, address, from, open);
  const streams = await relayStreams(server, port, address, from, open).catch((error: unknown) => {
    datagrams.close();
    throw error;
  });
  return {
    close: () => {
      datagrams.close();
      streams.close();
      for (const socket of open)
        if ('destroy' in socket) socket.destroy();
        else closeQuietly(socket);
    },
  };
}

async function relayDatagrams(
  server: string,
  port: number,
  address: string,
  from: number,
  open: Set<Datagrams | Socket>,
): Promise<Datagrams> {
  const listening = createSocket('udp4');
  listening.bind(from, address);
  await once(listening, 'listening');
  listening.on('error', () => undefined);
  listening.on('message', (question, asker) => {
    if (open.size >= MOST_OPEN) return;
    const asking = createSocket('udp4');
    open.add(asking);
    const end = () => {
      if (open.delete(asking)) closeQuietly(asking);
    };
    const patience = setTimeout(end, PATIENCE_MS).unref();
    asking.once('error', end);
    asking.once('message', (answer) => {
      clearTimeout(patience);
      if (open.has(asking)) listening.send(answer, asker.port, asker.address);
      end();
    });
    asking.send(question, port, server);
  });
  return listening;
}

async function relayStreams(
  server: string,
  port: number,
  address: string,
  from: number,
  open: Set<Datagrams | Socket>,
): Promise<Server> {
  const listening = createServer((asker) => {
    if (open.size >= MOST_OPEN) {
      asker.destroy();
      return;
    }
    const asking = connect(port, server);
    for (const socket of [asker, asking]) {
      open.add(socket);
      socket.setTimeout(PATIENCE_MS, () => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        asker.destroy();
        asking.destroy();
      });
    }
    asker.pipe(asking).pipe(asker);
  });
  listening.listen(from, address);
  await once(listening, 'listening');
  // A connection that could not be taken is asked for again.
  listening.on('error', () => undefined);
  return listening;
}

function closeQuietly(socket: Datagrams): void {
  try {
    socket.close();
  } catch {
    // It is closed.
  }
}
