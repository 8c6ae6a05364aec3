import { createServer, type Server, type Socket } from 'node:net';
import { type Backend, nameOf, order } from './balance.ts';
import { Connection } from './connection.ts';

export type Dial = (podIP: string, port: number) => Promise<Socket>;

/** One node port on loopback and the pods behind it. */
export class PortProxy {
  readonly #server: Server;
  readonly #dial: Dial;
  readonly #tries: 'all' | 'one';
  readonly #connections = new Map<string, Set<Connection>>();
  readonly #sockets = new Set<Socket>();
  #backends: readonly Backend[] = [];
  #turn = 0;

  /**
   * @param failed told when the port cannot be listened on
   * @param tries whether a connection that one pod does not take goes to another one
   */
  constructor(port: number, dial: Dial, failed: (error: Error) => void, tries: 'all' | 'one' = 'all') {
    this.#dial = dial;
    this.#tries = tries;
    // Paused until there is a pod: what the client sends first is not lost.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      void this.#serve(client);
    });
    this.#server.on('error', failed);
    this.#server.listen(port, '127.0.0.1');
  }

  /** Connections that are open stay with their pod until they rest. */
  set backends(backends: readonly Backend[]) {
    this.#backends = backends;
    const names = new Set(backends.map(nameOf));
    for (const [name, connections] of this.#connections)
      if (!names.has(name)) for (const connection of connections) connection.retire();
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
    await this.#keep(nameOf(found.backend), new Connection(client, found.socket));
  }

  /** Counts `connection` among those of its pod while it lasts. */
  async #keep(pod: string, connection: Connection): Promise<void> {
    const connections = this.#connections.get(pod) ?? new Set();
    this.#connections.set(pod, connections.add(connection));
    await connection.done;
    connections.delete(connection);
    if (connections.size === 0) this.#connections.delete(pod);
  }

  /** The first pod that takes the connection: nothing has been passed yet, so the next one may be tried. */
  async #connect(): Promise<{ backend: Backend; socket: Socket } | undefined> {
    this.#turn += 1;
    const busy = new Map([...this.#connections].map(([pod, { size }]) => [pod, size]));
    const found = order(this.#backends, busy, this.#turn);
    for (const backend of this.#tries === 'one' ? found.slice(0, 1) : found) {
      try {
        return { backend, socket: await this.#dial(backend.podIP, backend.port) };
      } catch {
        // Just gone, or not there yet: its endpoint follows.
      }
    }
    return undefined;
  }
}
