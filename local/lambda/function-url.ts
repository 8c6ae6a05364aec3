import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { AwsError } from '../aws/error.ts';
import { readBody } from '../aws/loopback.ts';
import type { Functions, Target } from './functions.ts';
import { eventOf, type UrlAnswer, urlAnswer } from './url-format.ts';

const LIMIT = 6 * 1024 * 1024;

/** Where the function URL of a function is, below the listener's address; the handler does not see this part. */
export const urlPath = (name: string) => `/function-url/${name}`;

/**
 * The function URLs of all functions that have one. On AWS each has a host name of its own; host names need name
 * service, so that here the first parts of the path tell them apart.
 */
export function functionUrls(functions: Functions): RequestListener {
  return (request, response) => {
    serve(functions, request)
      .catch((error: unknown) => refusal(error))
      .then((answer) => send(response, answer))
      .catch(() => response.destroy());
  };
}

async function serve(functions: Functions, request: IncomingMessage): Promise<UrlAnswer> {
  const { target, rest } = route(functions, request.url ?? '/');
  if (target === undefined) return message(403, 'Forbidden');
  const body = await readBody(request, LIMIT);
  if (body === undefined) return message(413, 'Request Entity Too Large');
  const requestId = randomUUID();
  const event = Buffer.from(JSON.stringify(eventOf(request, rest, body, requestId)));
  const outcome = await functions.invoke(target, event, { whenBusy: 'refuse', requestId });
  return outcome.ok ? urlAnswer(outcome.payload) : message(502, 'Internal Server Error');
}

function route(functions: Functions, url: string): { target?: Target; rest: string } {
  const [, name, rest = ''] = /^\/function-url\/([A-Za-z0-9_-]+)(.*)$/.exec(url) ?? [];
  if (name === undefined) return { rest };
  const target = functions.find(name);
  return {
    target: target.spec.functionUrl === true ? target : undefined,
    rest: rest.startsWith('/') ? rest : `/${rest}`,
  };
}

function refusal(error: unknown): UrlAnswer {
  if (!(error instanceof AwsError)) return message(500, 'Internal Server Error');
  return error.status === 429 ? message(429, error.message) : message(403, 'Forbidden');
}

function message(status: number, text: string): UrlAnswer {
  const body = Buffer.from(JSON.stringify({ Message: text }));
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body };
}

function send(response: ServerResponse, { status, headers, cookies, body }: UrlAnswer): void {
  const all: Record<string, string | string[]> = { ...headers, 'content-length': String(body.length) };
  if (cookies.length > 0) all['set-cookie'] = cookies;
  response.writeHead(status, all).end(body);
}
