import type { ChildProcess } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Git } from './git.ts';
import { FLUSH, pktLine } from './pkt-line.ts';
import type { Service } from './routes.ts';
import { type RefUpdate, readUpdates } from './updates.ts';

/**
 * What happens with the refs of a push while the one who pushed waits.
 * @param say shows a line to them
 * @param gone aborts when they do not wait any longer; what they pushed is there all the same
 */
export type OnPush = (updates: RefUpdate[], say: (line: string) => void, gone: AbortSignal) => Promise<void>;

const NO_CACHE = { 'cache-control': 'no-cache, max-age=0, must-revalidate' };

/** Answers `GET info/refs` (gitprotocol-http, "Smart Server Response"). */
export function advertise(
  git: Git,
  directory: string,
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const version = protocolOf(request);
  const child = git.start([service, '--stateless-rpc', '--advertise-refs', directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: version === undefined ? {} : { GIT_PROTOCOL: version },
  });
  // Version 2 of the protocol has its own preamble.
  const versioned = service === 'upload-pack' && version?.includes('version=2') === true;
  const preamble = versioned ? '' : pktLine(`# service=git-${service}\n`) + FLUSH;
  relay(child, response, `application/x-git-${service}-advertisement`, preamble);
  response.on('close', () => child.kill());
}

/** Refuses in a way that git shows as `fatal: remote error: <message>`. */
export function refuse(service: Service, message: string, response: ServerResponse): void {
  const type = `application/x-git-${service}-advertisement`;
  response.writeHead(200, { 'content-type': type, ...NO_CACHE });
  response.end(pktLine(`# service=git-${service}\n`) + FLUSH + pktLine(`ERR ${message}`));
}

/** Answers `POST git-upload-pack`: a clone or a fetch. */
export function uploadPack(
  git: Git,
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
): ChildProcess {
  const version = protocolOf(request);
  const child = git.start(['upload-pack', '--stateless-rpc', directory], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: version === undefined ? {} : { GIT_PROTOCOL: version },
  });
  feed(request, child);
  relay(child, response, 'application/x-git-upload-pack-result');
  response.on('close', () => child.kill());
  return child;
}

/**
 * Answers `POST git-receive-pack`: a push. It is seen through to its end even when the client hangs up: git either
 * got all of the pack and moves the refs, or nothing has happened.
 */
export function receivePack(
  git: Git,
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
  onPush: OnPush,
): ChildProcess {
  const child = git.start(['receive-pack', '--stateless-rpc', directory], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  feed(request, child);
  relay(child, response, 'application/x-git-receive-pack-result');
  void converse(child.stdio[3] as Readable, child.stdio[4] as Writable, onPush, gone.signal);
  return child;
}

/** Hears from the hook what moved, and speaks to the pusher through it. */
async function converse(hook: Readable, pusher: Writable, onPush: OnPush, gone: AbortSignal): Promise<void> {
  pusher.on('error', () => undefined);
  try {
    const updates = await readUpdates(hook);
    if (updates.length > 0) await onPush(updates, (line) => void pusher.write(`${line}\n`), gone);
  } catch (error) {
    pusher.write(`The git host failed to announce the push: ${String(error)}\n`);
  } finally {
    pusher.end();
  }
}

function feed(request: IncomingMessage, child: ChildProcess): void {
  const { stdin } = child;
  if (stdin === null) return;
  const zipped = /^(?:x-)?gzip$/i.test(request.headers['content-encoding'] ?? '');
  const body: Readable = zipped ? request.pipe(createGunzip()) : request;
  // A client that breaks off ends git's input, and git itself refuses the incomplete pack.
  for (const source of new Set([request, body])) source.on('error', () => stdin.end());
  // git may stop reading (a pack that is too large); the rest is dropped so that its answer reaches the client.
  stdin.on('error', () => body.resume());
  body.pipe(stdin);
}

/** Passes on what git says as it says it; when it has not a word, what it complained about. */
function relay(child: ChildProcess, response: ServerResponse, type: string, preamble = ''): void {
  const { stdout, stderr } = child;
  if (stdout === null) return;
  const begin = () => {
    if (response.headersSent) return;
    response.writeHead(200, { 'content-type': type, ...NO_CACHE });
    if (preamble !== '') response.write(preamble);
  };
  stdout.on('data', (chunk: Buffer) => {
    begin();
    // Nobody listening must not stop git: what is left is read and dropped.
    if (!response.destroyed && !response.write(chunk)) stdout.pause();
  });
  response.on('drain', () => stdout.resume()).on('close', () => stdout.resume());
  let complaint = '';
  stderr?.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-2000);
  });
  child.on('error', (error) => fail(response, `git cannot be started: ${error.message}`));
  child.on('close', (code) => {
    if (code !== 0 && !response.headersSent) return fail(response, complaint || `git ended with ${code}`);
    begin();
    response.end();
  });
}

function fail(response: ServerResponse, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${message.trim()}\n`);
}

/** The protocol version that the client asks for, as git takes it from its environment. */
function protocolOf({ headers }: IncomingMessage): string | undefined {
  const header = headers['git-protocol'];
  return typeof header === 'string' && /^[a-z0-9=:]{1,100}$/.test(header) ? header : undefined;
}
