import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type GitHost, type GitHostOptions, startGit } from '../../../local/git/server.ts';

/** A webhook as it arrived. */
export interface Hook {
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into it freely
  payload: any;
  delivery: string;
}

export type Reply = { status: number; body: unknown } | 'hang';

export const SECRET = 'hush';
export const ACCEPTED: Reply = { status: 202, body: { status: 'accepted', message: 'accepted it' } };
const IGNORED: Reply = { status: 200, body: { status: 'ignored', message: 'ignored web: for the test' } };

/** A git host and a pipeline that answers as told, for the tests of a file. */
export function hostForTests(options: Partial<GitHostOptions> = {}) {
  let folder: string;
  let host: GitHost;
  let port: number;
  const records = new EventEmitter();
  const hooks: Hook[] = [];
  const arrivals = new EventEmitter();
  const pipeline = {
    /** What the next webhooks are answered; the default ends a push at once. */
    reply: (_hook: Hook): Reply => IGNORED,
    /** Milliseconds since the epoch of the last arrival. */
    lastArrival: 0,
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const delivery = String(request.headers['x-github-delivery']);
    const hook: Hook = { headers: request.headers, text, payload: payloadOf(text), delivery };
    pipeline.lastArrival = Date.now();
    hooks.push(hook);
    const reply = pipeline.reply(hook);
    if (reply !== 'hang') {
      const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
      response.writeHead(reply.status).end(body);
    }
    arrivals.emit('hook');
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-git-'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
    host = await startGit({
      stateDir: join(folder, 'state'),
      webhook: { url: () => `http://127.0.0.1:${port}/`, secret: SECRET },
      records,
      ...options,
    });
  });
  afterEach(() => {
    hooks.length = 0;
    pipeline.reply = () => IGNORED;
  });
  afterAll(async () => {
    await host.close();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  return {
    pipeline,
    hooks,
    url: () => host.url,
    host: () => host,
    /** Where the pipeline hears webhooks. */
    hookUrl: () => `http://127.0.0.1:${port}/`,
    folder: () => folder,
    api: (path: string, init?: RequestInit) => fetch(`${host.url}/api/v3/repos/local/${path}`, init),
    /** Waits until `count` webhooks have come since the test began. */
    arrived: async (count: number) => {
      while (hooks.length < count) await once(arrivals, 'hook');
    },
    tell: (delivery: string, message: string, event = 'build.step') =>
      records.emit('record', { function: 'deploy', record: { message, event, delivery } }),
    /** A fresh working copy with one commit on main. */
    workingCopy: async () => {
      const work = await mkdtemp(join(folder, 'work-'));
      await git(work, 'init', '-q', '-b', 'main');
      await commit(work, { 'README.md': 'hello\n' }, 'First');
      return work;
    },
  };
}

/** A webhook that nobody has told to send JSON sends a form. */
function payloadOf(text: string): unknown {
  return JSON.parse(new URLSearchParams(text).get('payload') ?? text);
}

/** Nothing of the configuration of whoever runs the tests. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ann Öther',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Com Mitter',
  GIT_COMMITTER_EMAIL: 'com@example.com',
  LC_ALL: 'C',
};

/** Runs the real git and answers both of its outputs; rejects, with them in the message, when it fails. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const options = { cwd, env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 };
  const { stdout, stderr } = await promisify(execFile)('git', args, options);
  return stdout + stderr;
}

/** A git that runs, in a process group of its own as a shell starts it. */
export function startGitProcess(cwd: string, ...args: string[]): ChildProcess {
  return spawn('git', args, { cwd, env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

/** What a terminal does at Ctrl-C: the signal goes to the whole group. */
export async function interrupt(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  await closed;
}

/** Writes files (or removes those that are null) and commits; answers the commit's id. */
export async function commit(work: string, files: Record<string, string | Buffer | null>, message: string) {
  for (const [name, content] of Object.entries(files)) {
    if (content === null) await rm(join(work, name));
    else await writeFile(join(work, name), content);
  }
  await git(work, 'add', '-A');
  await git(work, 'commit', '-q', '-m', message);
  return head(work);
}

export async function head(work: string, revision = 'HEAD'): Promise<string> {
  return (await git(work, 'rev-parse', revision)).trim();
}

/** The lines that the host said to the pusher. */
export function remoteLines(output: string): string[] {
  return output.split('\n').flatMap((line) => /^remote: ?(.*?) *$/.exec(line)?.[1] ?? []);
}
