import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  method: string;
  /** Path and query, as they were sent. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON, unless it is bytes. */
  body?: unknown;
}

export interface HostServer extends AsyncDisposable {
  url: string;
  asked: Asked[];
}

/** A git host on loopback that answers as `answer` says; 404 where it says nothing. */
export async function hostServer(answer: (asked: Asked) => Answer | undefined): Promise<HostServer> {
  const asked: Asked[] = [];
  const server: Server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: await text(request) };
    asked.push(one);
    const {
      status = 200,
      headers: more = {},
      body,
    } = answer(one) ?? { status: 404, body: { message: 'no' } };
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? {}));
    const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...more }).end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
