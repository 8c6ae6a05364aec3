import type { IncomingMessage, ServerResponse } from 'node:http';
import { RegistryError } from './errors.ts';

/** One request and the answer to it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Query parameters. */
  query: URLSearchParams;
}

/**
 * The request's body as it comes. Whoever stops reading half-way can still answer: the usual iteration of a stream
 * would cut the connection then.
 */
export function bodyOf({ request }: Exchange): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false });
}

/** Answers without a body. */
export function answer(
  { response }: Exchange,
  status: number,
  headers: Record<string, string | number> = {},
): void {
  // 204 has no body by definition; any other bodiless answer says so, or clients wait for chunks.
  response.writeHead(status, status === 204 ? headers : { 'content-length': 0, ...headers }).end();
}

/** Answers with `value` as JSON, or with its headers alone to a HEAD. */
export function answerJson(
  exchange: Exchange,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  answerBytes(exchange, status, Buffer.from(`${JSON.stringify(value)}\n`), {
    'content-type': 'application/json',
    ...headers,
  });
}

/** Answers with `bytes`, or with their headers alone to a HEAD. */
export function answerBytes(
  { request, response }: Exchange,
  status: number,
  bytes: Buffer,
  headers: Record<string, string>,
): void {
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** The page of `names` (sorted by `order`) that the query's `n` and `last` ask for, and the link to the next one. */
export function page(
  { query, request }: Exchange,
  names: string[],
  order: (a: string, b: string) => number,
): { names: string[]; headers: Record<string, string> } {
  const last = query.get('last');
  const rest = last === null ? names : names.filter((name) => order(name, last) > 0);
  const n = query.get('n');
  if (n === null) return { names: rest, headers: {} };
  if (!/^\d{1,9}$/.test(n))
    throw new RegistryError('UNSUPPORTED', `n is not a number: ${n}`, { status: 400 });
  const shown = rest.slice(0, Number(n));
  const end = shown.at(-1);
  if (end === undefined || shown.length === rest.length) return { names: shown, headers: {} };
  const path = request.url?.split('?')[0];
  return {
    names: shown,
    headers: { link: `<${path}?n=${n}&last=${encodeURIComponent(end)}>; rel="next"` },
  };
}
