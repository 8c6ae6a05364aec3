import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { KEY_HEADER, LARGEST_ORDER, LONGEST_WAIT, orderSchema, type Refusal } from '../protocol.ts';
import { readText } from './body.ts';
import type { Builds } from './builds.ts';
import type { RunKey } from './run-key.ts';
import type { Story } from './story.ts';

/** A request that is answered with one status and one line. */
class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The server's answers to its client, as lib/engine/microvm/protocol.ts says. Behind Lambda's proxy, on port 8080. */
export function buildServer(builds: Builds, key: RunKey): RequestListener {
  return (request, response) => {
    answer(builds, key, request, response).catch((error: unknown) => refuse(response, error));
  };
}

async function answer(
  builds: Builds,
  key: RunKey,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://vm');
  if (!key.known) throw new Refused(503, 'not-ready', 'this VM was not run yet: its key is not known');
  const given = request.headers[KEY_HEADER];
  if (!key.fits(typeof given === 'string' ? given : undefined))
    throw new Refused(401, 'wrong-key', `the header ${KEY_HEADER} is not the key of this VM`);
  if (pathname === '/health') {
    allow(request, 'GET');
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ready"}');
    return;
  }
  if (pathname === '/build') {
    allow(request, 'POST');
    const wait = number(searchParams, 'wait', LONGEST_WAIT);
    await tell(begin(builds, await readText(request, LARGEST_ORDER)), 0, wait, response);
    return;
  }
  const name = /^\/build\/([a-z0-9]{40})$/.exec(pathname)?.[1];
  if (name === undefined)
    throw new Refused(404, 'not-found', `there is nothing at ${pathname.slice(0, 100)}`);
  allow(request, 'GET');
  const story = builds.find(name);
  if (story === undefined) throw new Refused(404, 'unknown-build', `this VM knows no build ${name}`);
  await tell(story, number(searchParams, 'from', 1e9), number(searchParams, 'wait', LONGEST_WAIT), response);
}

function begin(builds: Builds, body: string | undefined): Story {
  if (body === undefined) throw new Refused(413, 'too-large', `an order has ${LARGEST_ORDER} bytes at most`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Refused(400, 'bad-order', 'the body is not JSON');
  }
  const order = orderSchema.safeParse(value);
  if (!order.success) {
    // Where it is wrong, not what stands there: it may be a credential.
    const [issue] = order.error.issues;
    const where = issue?.path.map(String).join('.') || 'the order';
    throw new Refused(400, 'bad-order', `${where}: ${issue?.message ?? 'not as it should be'}`);
  }
  const story = builds.begin(order.data);
  if (story === 'busy') throw new Refused(409, 'busy', 'another build is going on in this VM');
  return story;
}

async function tell(story: Story, from: number, seconds: number, response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), seconds * 1000);
  response.on('close', () => over.abort());
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  for await (const line of story.lines(from, over.signal)) {
    if (response.destroyed) break;
    if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response);
  }
  clearTimeout(timer);
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}

function allow({ method }: IncomingMessage, wanted: string): void {
  if (method !== wanted) throw new Refused(405, 'wrong-method', `only ${wanted} is possible here`);
}

function number(parameters: URLSearchParams, name: string, most: number): number {
  const text = parameters.get(name);
  if (text === null) return name === 'from' ? 0 : most;
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  throw new Refused(400, 'bad-parameter', `${name} has to be a whole number, ${most} at most`);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, code, message } =
    error instanceof Refused ? error : new Refused(400, 'bad-request', 'the request could not be read');
  const body: Refusal = { error: { code, message } };
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    .end(JSON.stringify(body));
}
