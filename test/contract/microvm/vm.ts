import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Order, StoryLine } from '../../../lib/engine/microvm/protocol.ts';
import { carryOut } from '../../../lib/engine/microvm/server/carry.ts';
import { startVmServer } from '../../../lib/engine/microvm/server/start.ts';

const KEY = 'k'.repeat(64);

/** The server of a MicroVM on TCP ports, as it is in one, and run. */
export async function startVm(cacheDir: string) {
  const listening = { listen: '0', listenHooks: '0', limitMs: 120_000 };
  const server = await startVmServer({ carry: carryOut({ cacheDir }), ...listening });
  const [port = 0, hooks = 0] = server.addresses.map((address) => (address as AddressInfo).port);
  const run = await fetch(`http://127.0.0.1:${hooks}/aws/lambda-microvms/runtime/v1/run`, {
    method: 'POST',
    body: JSON.stringify({ runHookPayload: JSON.stringify({ key: KEY }) }),
  });
  if (run.status !== 200) throw new Error(`the run hook answered ${run.status}`);
  return { port, hooks, close: server.close, build: (order: Order) => build(port, order) };
}

/** The story of a build from its start to its ending. */
async function build(port: number, order: Order): Promise<StoryLine[]> {
  const body = JSON.stringify(order);
  const asked = request({ port, path: '/build?wait=30', method: 'POST', headers: { 'x-fairlead-key': KEY } });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  const text = (await buffer(answer)).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StoryLine);
}

/** A git host whose every repository and commit has the one file `Dockerfile`. */
export async function startGitHost(dockerfile: () => string) {
  const server = createServer(async (_, response) => {
    const tar = pack();
    tar.entry({ name: 'acme-web/Dockerfile' }, dockerfile());
    tar.finalize();
    response.end(gzipSync(await buffer(tar as unknown as AsyncIterable<Buffer>)));
  });
  return await listening(server);
}

export async function listening(server: Server, host = '127.0.0.1') {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, close: () => new Promise((done) => server.close(done)) };
}
