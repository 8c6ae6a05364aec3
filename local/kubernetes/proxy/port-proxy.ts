import { createServer, type Server, type Socket } from 'node:net';
import { type Backend, nameOf, order } from './balance.ts';
import { relay } from './relay.ts';

export type Dial = (podIP: string, port: number) => Promise<Socket>;

/** One node port on loopback and the pods behind it. */
export class PortProxy {
  readonly #server: Server;
  readonly #dial: Dial;
  readonly #busy = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #backends: readonly Backend[] = [];
  #turn = 0;

  /** @param failed told when the port cannot be listened on */
  constructor(port: number, dial: Dial, failed: (error: Error) => void) {
    this.#dial = dial;
    // Paused until there is a pod: what the client sends first is not lost.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      void this.#serve(client);
    });
    this.#server.on('error', failed);
    this.#server.listen(port, '127.0.0.1');
  }

  /** Connections that are open stay with their pod. */
  set backends(backends: readonly Backend[]) {
    this.#backends = backends;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #serve(client: Socket): Promise<void> {
    this.#sockets.add(client);
    client.on('close', () => this.#sockets.delete(client));
    client.on('error', () => {});
    const found = await this.#connect();
    // As a cluster's does: nobody is there, so the connection is refused.
    if (!found || client.destroyed) {
      found?.socket.destroy();
      client.resetAndDestroy();
      return;
    }
    const name = nameOf(found.backend);
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1);
    await relay(client, found.socket);
    const left = (this.#busy.get(name) ?? 1) - 1;
    if (left === 0) this.#busy.delete(name);
    else this.#busy.set(name, left);
  }

  /** The first pod that takes the connection: nothing has been passed yet, so the next one may be tried. */
  async #connect(): Promise<{ backend: Backend; socket: Socket } | undefined> {
    this.#turn += 1;
    for (const backend of order(this.#backends, this.#busy, this.#turn)) {
      try {
        return { backend, socket: await this.#dial(backend.podIP, backend.port) };
      } catch {
        // Just gone, or not there yet: its endpoint follows.
      }
    }
    return undefined;
  }
}
