import { createServer, type RequestListener, type Server } from 'node:http';
import { Builds, type Carry } from './builds.ts';
import { hookServer } from './hooks.ts';
import { RunKey } from './run-key.ts';
import { buildServer } from './serve.ts';

export interface VmServerOptions {
  carry: Carry;
  /** A TCP port, or the path of a Unix socket. */
  listen: string;
  /** Where the lifecycle hooks are called. */
  listenHooks: string;
  /** What one build may take. */
  limitMs: number;
}

/** Starts the server of a MicroVM. It has no key, and takes no build, before the run hook. */
export async function startVmServer({ carry, listen, listenHooks, limitMs }: VmServerOptions) {
  const builds = new Builds(carry, limitMs);
  const key = new RunKey();
  const main = await open(buildServer(builds, key), listen);
  const hooks = await open(hookServer(builds, key), listenHooks);
  return {
    /** The ports that were opened, where they were ports. */
    addresses: [main.address(), hooks.address()],
    close: async () => {
      builds.abort('the server was closed');
      for (const server of [main, hooks]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function open(listener: RequestListener, where: string): Promise<Server> {
  const server = createServer(listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Hooks and the proxy come from outside of the container: loopback alone would not be reached.
    if (/^\d+$/.test(where)) server.listen(Number(where), '0.0.0.0', () => resolve(server));
    else server.listen(where, () => resolve(server));
  });
}
