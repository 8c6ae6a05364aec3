import type { Socket } from 'node:net';
import { relay } from './relay.ts';

/** How long nothing may have been said on a connection whose pod leaves before it is ended, in milliseconds. */
const QUIET_MS = 500;

/**
 * A client's connection to one pod. Once the pod no longer is an endpoint, the connection may finish what it is at;
 * one that rests between two requests is ended, as load balancers do on deregistration: whoever comes back on it,
 * a browser above all, would go on meeting the old release.
 */
export class Connection {
  readonly done: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  #lastSpeaker: 'client' | 'server' = 'client';
  #lastWord = performance.now();
  #retiring: NodeJS.Timeout | undefined;

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    client.on('data', () => this.#heard('client'));
    server.on('data', () => this.#heard('server'));
    this.done = relay(client, server).finally(() => clearTimeout(this.#retiring));
  }

  /** The pod is no endpoint any more. */
  retire(): void {
    if (this.#retiring === undefined) this.#endWhenQuiet();
  }

  #endWhenQuiet(): void {
    const quiet = performance.now() - this.#lastWord;
    if (this.#lastSpeaker === 'server' && quiet >= QUIET_MS) {
      this.#client.end();
      this.#server.end();
      return;
    }
    // Who waits for an answer is looked at again when that may have come.
    this.#retiring = setTimeout(() => this.#endWhenQuiet(), Math.max(50, QUIET_MS - quiet));
  }

  #heard(speaker: 'client' | 'server'): void {
    this.#lastSpeaker = speaker;
    this.#lastWord = performance.now();
  }
}
