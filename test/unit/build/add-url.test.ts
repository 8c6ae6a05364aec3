import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { download, fileName } from '../../../lib/build/add/download.ts';
import { mayKnow } from '../../../lib/build/add/request.ts';
import type { BuildOptions } from '../../../lib/build/build.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { buildFiles, Scratch } from './support.ts';

const scratch = new Scratch();
type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler;
let asked: { method?: string | undefined; url?: string | undefined; headers: IncomingMessage['headers'] }[] =
  [];
let origin = '';

const server = createServer((request, response) => {
  asked.push({ method: request.method, url: request.url, headers: request.headers });
  handler(request, response);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  asked = [];
});
afterAll(() => {
  server.close();
  scratch.close();
});

const TEXT = 'downloaded';
const SUM = createHash('sha256').update(TEXT).digest('hex');

function serve(text: string | Buffer, headers: Record<string, string> = {}): Handler {
  return (_, response) => response.writeHead(200, headers).end(text);
}

async function added(instruction: string, options: Partial<BuildOptions> = {}) {
  const Dockerfile = `FROM scratch\nARG O=${origin}\n${instruction}\n`;
  return (await buildFiles(scratch, { Dockerfile }, options)).files;
}

describe('ADD of a URL', () => {
  it.each<[string, Record<string, string>]>([
    ['ADD $O/d/x.txt /', { 'x.txt': 'file 600 0:0 downloaded' }],
    ['ADD $O/d/x.txt?y=z#f /', { 'x.txt': 'file 600 0:0 downloaded' }],
    ['ADD $O/d/x.txt /y', { y: 'file 600 0:0 downloaded' }],
    ['ADD $O/d/x/ /', { x: 'file 600 0:0 downloaded' }],
    ['ADD $O /', { __unnamed__: 'file 600 0:0 downloaded' }],
    ['ADD $O/a%20b /', { 'a b': 'file 600 0:0 downloaded' }],
    ['ADD --chown=5:6 --chmod=u=rwx $O/x /d/', { d: 'directory 755 5:6', 'd/x': 'file 700 5:6 downloaded' }],
    [`ADD --checksum=sha256:${SUM} $O/x /`, { x: 'file 600 0:0 downloaded' }],
  ])('%s', async (instruction, expected) => {
    // Content-Disposition is not asked: BuildKit's frontend names the file itself.
    handler = serve(TEXT, { 'content-disposition': 'attachment; filename="other"' });
    expect(await added(instruction)).toEqual(expected);
  });

  it('is unpacked only when asked for', async () => {
    const header = Buffer.alloc(512);
    header.write('f');
    header.write('0000644\0', 100);
    header.write('00000000000\0', 124);
    header.write('0', 156);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    handler = serve(gzipSync(Buffer.concat([header, Buffer.alloc(1024)])), {
      'content-type': 'application/gzip',
    });
    expect(Object.keys(await added('ADD $O/x.tgz /'))).toEqual(['x.tgz']);
    expect(await added('ADD --unpack $O/x.tgz /d')).toEqual({
      d: 'directory 755 0:0',
      'd/f': 'file 644 0:0 ',
    });
  });

  it('follows redirects, and gives credentials to nobody else', async () => {
    handler = (request, response) => {
      if (request.url === '/x') response.writeHead(302, { location: '/y' }).end();
      else if (request.url === '/y')
        response.writeHead(307, { location: `${origin.replace('127.0.0.1', 'localhost')}/z` }).end();
      else response.end(TEXT);
    };
    const Dockerfile = `FROM scratch\nADD ${origin.replace('//', '//user:secret@')}/x /`;
    expect((await buildFiles(scratch, { Dockerfile })).files).toEqual({ x: 'file 600 0:0 downloaded' });
    const credentials = asked.map(({ url, headers }) => [url, headers.authorization !== undefined]);
    expect(credentials).toEqual([
      ['/x', true],
      ['/y', true],
      ['/z', false],
    ]);
    handler = (_, response) => response.writeHead(302, { location: '/again' }).end();
    await expect(added('ADD $O/x /')).rejects.toThrow(/more than 10 redirects/);
    handler = (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(added('ADD $O/x /')).rejects.toThrow(/it leads to file:/);
  });

  it('checks the sum, and does not ask for what it has', async () => {
    const cacheDir = scratch.directory();
    handler = serve(TEXT);
    await expect(added(`ADD --checksum=sha256:${'0'.repeat(64)} $O/x /`, { cacheDir })).rejects.toThrow(
      new RegExp(`Dockerfile:3: the sha256 of ${origin}/x is ${SUM}, not 000`),
    );
    await added(`ADD --checksum=sha256:${SUM} $O/x /`, { cacheDir });
    const before = asked.length;
    await added(`ADD --checksum=sha256:${SUM} $O/x /`, { cacheDir });
    expect(asked.length).toBe(before);
    await expect(added('ADD --checksum=md5:1 $O/x /')).rejects.toThrow(/is not sha256: and 64/);
    await expect(added('ADD --checksum=sha256:1 Dockerfile /')).rejects.toThrow(/for one source alone/);
  });

  it('asks whether it changed, and takes what it has when not', async () => {
    const cacheDir = scratch.directory();
    handler = (request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"' }).end(TEXT);
    };
    const expected = { x: 'file 600 0:0 downloaded' };
    for (let build = 0; build < 2; build++) expect(await added('ADD $O/x /', { cacheDir })).toEqual(expected);
    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
    await added('ADD $O/x /', { cacheDir, noCache: true });
    expect(asked.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it('tries again what may pass, and says what does not', async () => {
    let count = 0;
    handler = (_, response) => {
      count++;
      if (count === 1) response.writeHead(503).end();
      else if (count === 2)
        response.writeHead(200, { 'content-length': '10' }).write('down', () => response.destroy());
      else response.end(TEXT);
    };
    expect(await added('ADD $O/x /')).toEqual({ x: 'file 600 0:0 downloaded' });
    expect(count).toBe(3);
    handler = (_, response) => response.writeHead(404).end();
    await expect(added('ADD $O/x?token=abc /')).rejects.toThrow(
      `it answers 404 Not Found (downloading ${origin}/x)`,
    );
    await expect(added('COPY $O/x /')).rejects.toThrow(/COPY cannot take a URL/);
  });

  it('gives the secrets of a host to that host, and to nobody else', async () => {
    handler = (request, response) => {
      if (request.url === '/x')
        response.writeHead(302, { location: origin.replace('127.0.0.1', 'localhost') }).end();
      else response.end(TEXT);
    };
    const secrets = new Map([['HTTP_AUTH_TOKEN_127.0.0.1', { from: 'value' as const, value: 'abc' }]]);
    expect(await added('ADD $O/x /', { secrets })).toEqual({ x: 'file 600 0:0 downloaded' });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer abc', undefined]);
    secrets.set('HTTP_AUTH_HEADER_127.0.0.1', { from: 'value', value: 'Digest 1' });
    await added('ADD $O/y /', { secrets });
    expect(asked.at(-1)?.headers.authorization).toBe('Digest 1');
  });

  it('has an end', async () => {
    handler = serve(Buffer.alloc(100_000));
    const given = {
      store: new Store(scratch.directory()),
      network: { refuse: 'nothing' },
      noCache: false,
    } as const;
    await expect(download(new URL(origin), undefined, { ...given, most: 1000 })).rejects.toThrow(
      /longer than 0 MiB/,
    );
    const signal = AbortSignal.timeout(50);
    handler = () => {};
    await expect(download(new URL(origin), undefined, { ...given, signal })).rejects.toThrow(
      /abort|timeout/i,
    );
    server.closeAllConnections();
  });

  it('reaches no address of the builder where that is refused', async () => {
    handler = serve(TEXT);
    const network = { refuse: 'local-addresses' } as const;
    const port = new URL(origin).port;
    const hosts = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '[::ffff:127.0.0.1]',
      '0',
      '169.254.169.254',
    ];
    for (const host of hosts)
      await expect(added(`ADD http://${host}:${port}/x /`, { network })).rejects.toThrow(/must not reach/);
    expect(asked).toEqual([]);
  });
});

describe('what is secret', () => {
  it.each([
    ['https://a.example/x', 'https://a.example/y', true],
    ['http://a.example/x', 'http://a.example/y', true],
    ['http://a.example/x', 'https://a.example/x', true],
    ['https://a.example/x', 'http://a.example/x', false],
    ['https://a.example/x', 'https://b.example/x', false],
    ['https://a.example/x', 'https://a.example:8443/x', false],
  ])('of a redirect from %s to %s: whether it is passed on is %s', (from, to, isPassedOn) => {
    expect(mayKnow(new URL(to), new URL(from))).toBe(isPassedOn);
  });
});

describe('the name of a download', () => {
  it.each([
    ['http://h/a/b.tar.gz', 'b.tar.gz'],
    ['http://h/a/..', '__unnamed__'],
    ['http://h/%2e%2e%2fetc', 'etc'],
    ['http://h/a%2Fb', 'b'],
    ['http://h/%', '%'],
    ['http://h/%00', '__unnamed__'],
  ])('%s is %s', (url, name) => {
    expect(fileName(new URL(url))).toBe(name);
  });
});
