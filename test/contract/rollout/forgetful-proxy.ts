import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../../../lib/kube/client.ts';
import { Authority } from '../../../local/kubernetes/api/tls/certificates.ts';

/** How a watch is told that the server has forgotten where it was (Kubernetes API concepts, "410 Gone responses"). */
export type Way = 'as an answer' | 'as an event';

const GONE = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  reason: 'Expired',
  code: 410,
  message: 'too old resource version',
};

/** An API server that forgets: the first watches of every kind are told so, `times` of them; all else goes through. */
export async function forgetfulProxy(connection: Connection, way: Way, times: number) {
  const authority = await Authority.create('forgetful');
  const { certificate: cert, key } = await authority.server('proxy', ['127.0.0.1']);
  const told = new Map<string, number>();
  const forgets = ({ url = '' }: IncomingMessage): boolean => {
    const { pathname, searchParams } = new URL(url, connection.endpoint);
    if (!searchParams.has('watch')) return false;
    const kind = `${pathname} ${searchParams.get('fieldSelector')}`;
    told.set(kind, (told.get(kind) ?? 0) + 1);
    return (told.get(kind) ?? 0) <= times;
  };
  const server = createServer({ cert, key }, (incoming, response) => {
    if (forgets(incoming)) gone(response, way);
    else forward(connection, incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    connection: { ...connection, endpoint, ca: authority.certificate } satisfies Connection,
    /** How many watches were told. */
    told: () => [...told.values()].reduce((sum, count) => sum + Math.min(count, times), 0),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function gone(response: ServerResponse, way: Way): void {
  response.writeHead(way === 'as an answer' ? 410 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(way === 'as an answer' ? GONE : { type: 'ERROR', object: GONE }));
}

function forward({ endpoint, ca }: Connection, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url = '/', headers } = incoming;
  const { host: _, ...passed } = headers;
  const upstream = request(new URL(url, endpoint), { method, headers: passed, ca, agent: false });
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}
