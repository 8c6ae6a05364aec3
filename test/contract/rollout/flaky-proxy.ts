import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy before `endpoint`, all of whose connections can be cut at once. */
export async function flakyProxy(endpoint: string) {
  const { hostname, port } = new URL(endpoint);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 443), hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => open.delete(one) && other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many connections there are now. */
    connections: () => open.size / 2,
    /** Cuts every connection. */
    cut(): void {
      for (const socket of open) socket.destroy();
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
