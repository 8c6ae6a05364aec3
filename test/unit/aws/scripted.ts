import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Aws } from '../../../lib/aws/types.ts';

export interface Asked {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What is answered: in turn, the last one for good. `hang` never ends, `cut` ends without an answer. */
export type Script = ('hang' | 'cut' | { status: number; headers?: Record<string, string>; body?: string })[];

/** An endpoint of AWS that answers by a script. */
export async function scripted(script: Script, settings: Partial<Aws> = {}) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, target: url, headers, body: await text(request) });
    const answer = script[Math.min(asked.length, script.length) - 1];
    if (answer === 'hang') return;
    if (answer === 'cut' || answer === undefined) return request.socket.destroy();
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const aws: Aws = {
    region: 'eu-west-1',
    credentials: () => CREDENTIALS,
    endpointOf: () => endpoint,
    trace: () => undefined,
    attempts: 3,
    ...settings,
  };
  return {
    aws,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };
