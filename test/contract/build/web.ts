import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What `ADD` of a URL downloads. */
const FILES: Record<string, string | Buffer> = {
  '/file.txt': 'downloaded\n',
  '/a%20b.txt': 'with a blank\n',
  '/dir/': 'without a name\n',
  '/file.gz': gzipSync('compressed\n'),
};

/** The files of FILES and of `archives`, and a git repository `repo.git`, over HTTP on this machine. */
export class Web {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fairlead-web-'));
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));
  readonly #archives: string;
  /** The commit that the tag `v1` names. */
  commit = '';
  url = '';

  /** `archives`: a directory whose files are served at `/archives/`. */
  constructor(archives: string) {
    this.#archives = archives;
  }

  async start(): Promise<this> {
    this.commit = makeRepository(join(this.#directory, 'repo.git'));
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://localhost:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (path.startsWith('/repo.git/')) {
      this.#git(request, response);
      return;
    }
    if (path === '/moved.txt') {
      response.writeHead(302, { location: '/file.txt' }).end();
      return;
    }
    const headers = { 'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT' };
    const found = path.startsWith('/archives/')
      ? readFileSync(join(this.#archives, path.slice('/archives/'.length)))
      : FILES[path];
    if (path === '/named') response.setHeader('content-disposition', 'attachment; filename="given.txt"');
    const body = path === '/named' ? 'named\n' : found;
    if (body === undefined) response.writeHead(404).end('no such file');
    else response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
  }

  /** By git's own CGI program. */
  #git(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search } = new URL(request.url ?? '', 'http://localhost');
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: '/usr/bin:/bin',
        GIT_PROJECT_ROOT: this.#directory,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('close', () => {
      const answer = Buffer.concat(chunks);
      const end = answer.indexOf('\r\n\r\n');
      const lines = answer.toString('latin1', 0, end).split('\r\n');
      const headers = lines.map((line) => line.split(': ') as [string, string]);
      const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
      const others = headers.filter(([name]) => name !== 'Status');
      response
        .writeHead(Number.parseInt(status, 10), Object.fromEntries(others))
        .end(answer.subarray(end + 4));
    });
  }
}

/** A repository with two commits, a tag on the first and a branch; answers the first commit. */
function makeRepository(directory: string): string {
  const work = `${directory}.work`;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', '-C', work, ...args], {
      encoding: 'utf8',
      env: {
        PATH: '/usr/bin:/bin',
        GIT_CONFIG_NOSYSTEM: '1',
        HOME: '/nonexistent',
        GIT_COMMITTER_DATE: DATE,
        GIT_AUTHOR_DATE: DATE,
      },
    }).trim();
  mkdirSync(join(work, 'sub'), { recursive: true });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(work, 'readme'), 'first\n');
  writeFileSync(join(work, 'sub/x'), 'x\n');
  writeFileSync(join(work, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('tag', 'v1');
  const commit = git('rev-parse', 'HEAD');
  writeFileSync(join(work, 'readme'), 'second\n');
  git('commit', '-q', '-a', '-m', 'second');
  git('branch', 'other');
  git('clone', '-q', '--bare', '.', directory);
  execFileSync('git', ['-C', directory, 'config', 'uploadpack.allowAnySHA1InWant', 'true']);
  return commit;
}

const DATE = '2001-09-09T01:46:40Z';
