import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '../../status-error.ts';
import { userOf } from '../auth/user.ts';
import type { Answer, Call } from './call.ts';
import { handle, type Service } from './handle.ts';

/** The largest request that the real server takes, in bytes. */
const maxBody = 3 * 1024 * 1024;

/** Serves requests until `closing` is aborted, which ends every stream. */
export function listener(service: Service, closing: AbortSignal) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const signal = AbortSignal.any([gone.signal, closing]);
      await send(response, await answer(service, request, signal), request.method === 'HEAD', signal);
    } catch (error) {
      await fail(response, error);
    }
  };
}

async function answer(service: Service, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', 'https://localhost');
  const user = await userOf(request.socket as TLSSocket, headers, service.authenticate);
  const call: Call = {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    user,
    body: () => readBody(request),
    signal,
  };
  return handle(service, call);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBody)
      throw new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBody}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(
  response: ServerResponse,
  answered: Answer,
  isHead: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { status, headers = {} } = answered;
  if ('stream' in answered) return sendStream(response, answered.stream, { status, headers, signal });
  const [body, type] = encode(answered);
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-cache, private',
    'content-length': body.length,
    ...headers,
  });
  response.end(isHead ? undefined : body);
}

function encode(answered: Exclude<Answer, { stream: unknown }>): [body: Buffer, type: string] {
  if ('bytes' in answered) return [Buffer.from(answered.bytes), 'application/octet-stream'];
  return 'text' in answered
    ? [Buffer.from(answered.text), 'text/plain; charset=utf-8']
    : [Buffer.from(`${JSON.stringify(answered.json)}\n`), 'application/json'];
}

interface StreamHead {
  status: number;
  headers: Record<string, string>;
  signal: AbortSignal;
}

async function sendStream(
  response: ServerResponse,
  stream: AsyncIterable<Uint8Array | string>,
  { status, headers, signal }: StreamHead,
): Promise<void> {
  response.writeHead(status, { 'cache-control': 'no-cache, private', ...headers });
  response.flushHeaders();
  try {
    for await (const chunk of stream) {
      if (!response.write(chunk)) await once(response, 'drain', { signal });
    }
    response.end();
  } catch (error) {
    if (!signal.aborted) throw error;
    response.end();
  }
}

async function fail(response: ServerResponse, error: unknown): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status } = error instanceof StatusError ? error : internal(error);
  const headers: Record<string, string> = status.code === 401 ? { 'www-authenticate': 'Bearer' } : {};
  response.writeHead(status.code, { 'content-type': 'application/json', ...headers });
  response.end(`${JSON.stringify(status)}\n`);
}

function internal(error: unknown): StatusError {
  return new StatusError(
    'InternalError',
    `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
  );
}
