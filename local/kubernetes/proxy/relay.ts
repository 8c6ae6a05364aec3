import type { Socket } from 'node:net';

/**
 * Passes bytes both ways, as fast as the slower side takes them, until both directions ended. When one side ends
 * only that direction ends; when one breaks, both do.
 */
export function relay(client: Socket, server: Socket): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const closed = () => {
      open -= 1;
      if (open === 0) resolve();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        // A side that went without an end broke off.
        if (!from.readableEnded) to.destroy();
        closed();
      });
      from.pipe(to);
    }
  });
}
