import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Passes connections on to `host` and cuts the first that has sent `bytes` bytes. */
export async function startCuttingProxy(host: string, bytes: number) {
  const [address = '', port = ''] = host.split(':');
  const sockets = new Set<Socket>();
  let cuts = 0;
  let passed = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), address);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    let sent = 0;
    client.on('data', (chunk) => {
      sent += chunk.length;
      if (cuts === 0 && sent > bytes) {
        cuts++;
        client.destroy();
        upstream.end();
        return;
      }
      passed += chunk.length;
      if (!upstream.write(chunk)) {
        client.pause();
        upstream.once('drain', () => client.resume());
      }
    });
    client.on('end', () => upstream.end());
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    /** Bytes that went through to the registry. */
    passed: () => passed,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
