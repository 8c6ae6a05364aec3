import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Has git's own server answer, `git http-backend` (RFC 3875: the request in its environment and on its standard input,
 * the answer's head and body on its standard output). Resolves when it has ended.
 */
export function httpBackend(
  request: IncomingMessage,
  response: ServerResponse,
  {
    root,
    path,
    user,
    environment,
  }: { root: string; path: string; user: string; environment: NodeJS.ProcessEnv },
): Promise<void> {
  const { headers, method = 'GET', url = '/' } = request;
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...environment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      REQUEST_METHOD: method,
      QUERY_STRING: url.split('?')[1] ?? '',
      CONTENT_TYPE: headers['content-type'] ?? '',
      ...(headers['content-length'] && { CONTENT_LENGTH: headers['content-length'] }),
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      REMOTE_USER: user,
      REMOTE_ADDR: '127.0.0.1',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    },
  });
  child.stdin.on('error', () => request.resume());
  request.pipe(child.stdin);
  response.on('close', () => child.kill());
  relay(child.stdout, response);
  return new Promise((done) => {
    child.on('error', () => response.destroy());
    child.on('close', () => done());
  });
}

function relay(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  let isBody = false;
  output.on('data', (chunk: Buffer) => {
    if (isBody) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    isBody = true;
    const { status, headers } = parse(head.subarray(0, end).toString('latin1'));
    response.writeHead(status, headers).write(head.subarray(end + 4));
  });
  output.on('end', () => {
    if (!isBody) response.writeHead(500);
    response.end();
  });
}

function parse(head: string): { status: number; headers: Record<string, string> } {
  const fields = head.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const { status, ...headers } = Object.fromEntries(fields);
  return { status: Number(status?.slice(0, 3) ?? 200), headers };
}
