import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Connection } from '../../../lib/kube/client.ts';
import { Authority } from '../../../local/kubernetes/api/tls/certificates.ts';

export interface Request {
  method: string;
  /** Without its query. */
  path: string;
  query: URLSearchParams;
  token: string;
  contentType?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON came
  body: any;
}

/** Answers one request; a Status when it gives a number and a message. */
export type Answer = (request: Request, response: ServerResponse) => unknown;

const authority = await Authority.create('test');
const credential = await authority.server('api', ['127.0.0.1']);

/** An HTTPS server that answers as `answer` says, and the connection to it. */
export async function fakeApi(answer: Answer) {
  const requests: Request[] = [];
  const sockets = new Set<Duplex>();
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await read(incoming);
    requests.push(request);
    await answer(request, response);
  };
  const server = createServer({ cert: credential.certificate, key: credential.key }, (incoming, response) => {
    handle(incoming, response).catch((error) => json(response, 500, { message: String(error) }));
  });
  let refusing: (() => void) | undefined;
  server.on('connection', (socket) => {
    sockets.add(socket);
    if (refusing === undefined) return;
    refusing();
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection: Connection = {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.certificate,
    token: async (fresh) => fresh ?? 'kept',
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  /** Cuts every connection from now on, as soon as it is made. */
  const refuseConnections = (told: () => void) => {
    refusing = told;
  };
  const close = async () => {
    cut();
    server.close();
    await once(server, 'close');
  };
  return { connection, requests, cut, refuseConnections, close };
}

async function read(incoming: IncomingMessage): Promise<Request> {
  const url = new URL(incoming.url ?? '/', 'https://x');
  const body = await text(incoming);
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    token: (incoming.headers.authorization ?? '').replace('Bearer ', ''),
    ...(incoming.headers['content-type'] && { contentType: incoming.headers['content-type'] }),
    body: body === '' ? undefined : JSON.parse(body),
  };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A refusal, as the API words it. */
export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  message = reason,
  details = {},
): void {
  json(response, code, { kind: 'Status', status: 'Failure', code, reason, message, details });
}
