import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Registries } from '../../../lib/registry/registries.ts';

const servers: { close: () => void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(status: number, body: string): Promise<{ host: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('tags', () => {
  it('are those that the registry lists', async () => {
    const { host, seen } = await serve(200, '{"name":"team/app","tags":["1.22","latest",7]}');
    const tags = await new Registries().tags(`${host}/team/app:1.23`, AbortSignal.timeout(5000));
    expect(tags).toEqual(['1.22', 'latest']);
    expect(seen).toEqual(['/v2/team/app/tags/list?n=1000']);
  });

  it.each<[string, number, string]>([
    ['does not tell', 404, '{}'],
    ['has none', 200, '{"tags":null}'],
    ['answers nonsense', 200, '<html>'],
  ])('are none where the registry %s', async (_name, status, body) => {
    const { host } = await serve(status, body);
    expect(await new Registries().tags(`${host}/app`, AbortSignal.timeout(5000))).toEqual([]);
  });
});
