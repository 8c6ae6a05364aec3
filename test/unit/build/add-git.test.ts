import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchGit } from '../../../lib/build/add/git.ts';
import { parseGitReference } from '../../../lib/build/add/git-reference.ts';
import type { BuildOptions } from '../../../lib/build/build.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { buildFiles, Scratch } from './support.ts';

const scratch = new Scratch();
const root = scratch.directory();
let origin = '';
let asked: string[] = [];
let given: (string | undefined)[] = [];
/** What the server tells git of the protocol that the client asks for. */
let protocol: string | undefined;

function git(directory: string, ...args: string[]): string {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'a'],
        [`GIT_${who}_EMAIL`, 'a@b'],
        [`GIT_${who}_DATE`, '2020-01-01T00:00:00Z'],
      ]),
    ),
  };
  return execFileSync('git', args, {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/** git's own server, as a web server would run it. */
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  given.push(request.headers.authorization);
  const url = new URL(request.url ?? '/', origin);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    REMOTE_ADDR: '127.0.0.1',
    ...(protocol === undefined ? {} : { GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') }),
  };
  const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  request.pipe(backend.stdin);
  const pieces: Buffer[] = [];
  backend.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  backend.once('close', () => {
    const whole = Buffer.concat(pieces);
    const end = whole.indexOf('\r\n\r\n');
    const headers = whole.toString('latin1', 0, Math.max(end, 0)).split('\r\n');
    const status = headers.find((line) => line.startsWith('Status:'))?.slice(8, 11);
    for (const line of headers) {
      const [name = '', value = ''] = line.split(': ');
      if (name !== 'Status' && name !== '') response.setHeader(name, value);
    }
    response.writeHead(Number(status ?? 200)).end(whole.subarray(end + 4));
  });
});

/** A bare repository with these commits, of which each changes some files. */
function repository(name: string, work: (directory: string) => void): void {
  const directory = `${root}/work-${name}`;
  mkdirSync(directory);
  git(directory, 'init', '-q', '-b', 'main');
  work(directory);
  git(root, 'clone', '-q', '--bare', directory, `${name}.git`);
  git(`${root}/${name}.git`, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
}

function commit(directory: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(`${directory}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true });
    writeFileSync(`${directory}/${path}`, text);
  }
  git(directory, 'add', '-A');
  git(directory, 'commit', '-q', '-m', 'c');
}

const LINES = Array.from({ length: 400 }, (_, index) => `line ${index}\n`).join('');
let first = '';
let head = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  repository('app', (directory) => {
    commit(directory, { 'README.md': 'one', 'docs/a.md': 'a', 'docs/deep/b.md': 'b', lines: LINES });
    first = git(directory, 'rev-parse', 'HEAD');
    git(directory, 'tag', '-a', 'v1', '-m', 'one');
    writeFileSync(`${directory}/run.sh`, '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('docs/a.md', `${directory}/link`);
    commit(directory, { 'README.md': 'two', other: LINES.replace('line 7\n', 'another\n') });
    head = git(directory, 'rev-parse', 'HEAD');
    git(directory, 'branch', 'feature/x');
    git(directory, 'checkout', '-q', '-b', 'v2');
    commit(directory, { 'README.md': 'three' });
    git(directory, 'tag', 'v2', head);
    git(directory, 'checkout', '-q', 'main');
  });
  git(`${root}/app.git`, 'repack', '-adfq');
  repository('outer', (directory) => {
    git(
      directory,
      '-c',
      'protocol.file.allow=always',
      'submodule',
      'add',
      '-q',
      `${root}/app.git`,
      'lib/app',
    );
    const modules = '[submodule "lib/app"]\n\tpath = lib/app\n\turl = ../app.git\n';
    commit(directory, { '.gitmodules': modules, own: 'o' });
  });
});

afterAll(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
  scratch.close();
});

async function added(instruction: string, options: Partial<BuildOptions> = {}) {
  const Dockerfile = `FROM scratch\nARG R=${origin}/app.git\n${instruction}\n`;
  return (await buildFiles(scratch, { Dockerfile }, options)).files;
}

const AT_FIRST = {
  'README.md': 'file 644 0:0 one',
  docs: 'directory 755 0:0',
  'docs/a.md': 'file 644 0:0 a',
  'docs/deep': 'directory 755 0:0',
  'docs/deep/b.md': 'file 644 0:0 b',
};

describe.each([
  ['2', 'version=2'],
  ['0', undefined],
])('ADD of git, protocol version %s', (_, spoken) => {
  beforeAll(() => {
    protocol = spoken;
  });

  it('takes the default branch', async () => {
    expect(await added('ADD $R /src')).toMatchObject({
      src: 'directory 755 0:0',
      'src/README.md': 'file 644 0:0 two',
      'src/run.sh': 'file 755 0:0 #!/bin/sh\n',
      'src/link': 'symlink 0:0 -> docs/a.md',
      'src/docs/deep/b.md': 'file 644 0:0 b',
    });
    expect(Object.keys(await added('ADD $R /')).filter((path) => path.startsWith('.git'))).toEqual([]);
  });

  it.each([
    ['$R#v1', 'one'],
    ['$R#refs/tags/v1', 'one'],
    ['$R?tag=v1', 'one'],
    ['$R#main', 'two'],
    ['$R#feature/x', 'two'],
    ['$R#heads/feature/x', 'two'],
    ['$R?ref=refs/heads/main', 'two'],
    ['$R#v2', 'three'],
    ['$R?branch=v2', 'three'],
    ['$R?tag=v2', 'two'],
  ])('takes %s', async (source, text) => {
    expect(await added(`ADD ${source} /`)).toMatchObject({ 'README.md': `file 644 0:0 ${text}` });
  });

  it('takes a commit, and does not ask for it twice', async () => {
    const cacheDir = scratch.directory();
    expect(await added(`ADD $R#${first} /`, { cacheDir })).toMatchObject(AT_FIRST);
    asked = [];
    expect(await added(`ADD $R?commit=${first} /`, { cacheDir })).toMatchObject(AT_FIRST);
    expect(asked).toEqual([]);
  });

  it('takes a directory, and goes where it is told', async () => {
    const docs = {
      'd/a.md': 'file 644 5:6 a',
      'd/deep': 'directory 755 5:6',
      'd/deep/b.md': 'file 644 5:6 b',
    };
    expect(await added('ADD --chown=5:6 $R#v1:docs /d/')).toEqual({ d: 'directory 755 5:6', ...docs });
    expect(await added('ADD --chown=5:6 $R?subdir=docs&tag=v1 /d')).toEqual({
      d: 'directory 755 5:6',
      ...docs,
    });
    await expect(added('ADD $R#v1:nope /')).rejects.toThrow(/has no directory nope/);
  });

  it('checks the commit', async () => {
    expect(await added(`ADD --checksum=${first} $R#v1 /`)).toMatchObject(AT_FIRST);
    expect(await added(`ADD --checksum=${first.slice(0, 12)} $R#v1 /`)).toMatchObject(AT_FIRST);
    await expect(added(`ADD --checksum=${first} $R#main /`)).rejects.toThrow(`is ${head}, not ${first}`);
  });

  it('says what is not there', async () => {
    await expect(added('ADD $R#nope /')).rejects.toThrow(/has no branch, tag or other ref nope/);
    await expect(added(`ADD ${origin}/none.git /`)).rejects.toThrow(/it answers 404/);
  });

  it('takes submodules along, unless told not to', async () => {
    expect(await added(`ADD ${origin}/outer.git /`)).toMatchObject({
      own: 'file 644 0:0 o',
      'lib/app': 'directory 755 0:0',
      'lib/app/README.md': 'file 644 0:0 two',
    });
    const without = await added(`ADD ${origin}/outer.git?submodules=0 /`);
    expect(Object.keys(without)).toEqual(['.gitmodules', 'lib', 'lib/app', 'own']);
  });
});

describe('ADD --keep-git-dir', () => {
  it('keeps a repository that git finds clean, the same one each time', async () => {
    protocol = 'version=2';
    const downloads = { network: { refuse: 'nothing' }, noCache: true } as const;
    const reference = { transport: 'http', remote: `${origin}/app.git`, keepGitDir: true } as const;
    const keys = [];
    for (let time = 0; time < 2; time++) {
      const tree = await fetchGit(reference, 0, { ...downloads, store: new Store(scratch.directory()) });
      keys.push([...tree.below('')].map(([path, { sha }]) => [path, sha]));
      const directory = scratch.directory();
      for (const [path, node] of tree.below('')) {
        const target = `${directory}/${path}`;
        if (node.type === 'directory') mkdirSync(target);
        else if (node.type === 'symlink') symlinkSync(node.link ?? '', target);
        else if (node.content?.from === 'disk') {
          copyFileSync(node.content.file, target);
          chmodSync(target, node.mode);
        }
      }
      expect(git(directory, 'rev-parse', 'HEAD')).toBe(head);
      expect(git(directory, 'status', '--porcelain')).toBe('');
      git(directory, 'fsck', '--strict');
      expect(git(directory, 'log', '--oneline').split('\n')).toHaveLength(1);
    }
    expect(keys[0]).toEqual(keys[1]);
  });
});

describe('a git source', () => {
  it.each([
    ['https://h/a/b.git', { transport: 'http', remote: 'https://h/a/b.git' }],
    [
      'https://h/b.git#r:d/e',
      { transport: 'http', remote: 'https://h/b.git', ref: 'r', subdirectory: 'd/e' },
    ],
    ['https://h/b.git#:d', { transport: 'http', remote: 'https://h/b.git', subdirectory: 'd' }],
    [
      'https://h/b.git?branch=x&keep-git-dir',
      { transport: 'http', remote: 'https://h/b.git', ref: 'refs/heads/x', keepGitDir: true },
    ],
    [
      'https://h/b.git?commit=abc',
      { transport: 'http', remote: 'https://h/b.git', ref: 'abc', checksum: 'abc' },
    ],
    ['git@h:a/b#main', { transport: 'ssh', remote: 'git@h:a/b', ref: 'main' }],
    ['ssh://git@h/a/b', { transport: 'ssh', remote: 'ssh://git@h/a/b' }],
    ['git://h/a.git', { transport: 'git', remote: 'git://h/a.git' }],
    ['https://h/b.tar.gz', undefined],
    ['https://h/b.gitx', undefined],
    ['github.com/a/b.git', undefined],
    ['./b.git', undefined],
    ['a.txt', undefined],
  ])('%s', (text, expected) => {
    expect(parseGitReference(text)).toEqual(expected);
  });

  it.each(['?tag=a&branch=b', '?ref=a&ref=b', '?ref=', '?depth=1', '?ref=a#b', '?submodules=x'])(
    'is not …%s',
    (query) => {
      expect(() => parseGitReference(`https://h/b.git${query}`)).toThrow();
    },
  );

  it('is fetched with the token that is given for it', async () => {
    given = [];
    const secrets = new Map([['GIT_AUTH_TOKEN', { from: 'value' as const, value: 'abc' }]]);
    await added('ADD $R /', { secrets });
    const basic = `basic ${Buffer.from('x-access-token:abc').toString('base64')}`;
    expect(new Set(given)).toEqual(new Set([basic]));
  });

  it('tells the token to no host that only a submodule names', async () => {
    const elsewhere = origin.replace('127.0.0.1', 'localhost');
    repository('hostile', (directory) => {
      const modules = `[submodule "a"]\n\tpath = a\n\turl = ${elsewhere}/app.git\n`;
      commit(directory, { '.gitmodules': modules });
      git(directory, 'update-index', '--add', '--cacheinfo', `160000,${head},a`);
      git(directory, 'commit', '-q', '-m', 'c');
    });
    given = [];
    const secrets = new Map([['GIT_AUTH_TOKEN', { from: 'value' as const, value: 'abc' }]]);
    await added(`ADD ${origin}/hostile.git /`, { secrets });
    expect(given.at(0)).toBeDefined();
    expect(given.at(-1)).toBeUndefined();
    given = [];
    const meant = new Map([['GIT_AUTH_TOKEN.localhost', { from: 'value' as const, value: 'abc' }]]);
    await added(`ADD ${origin}/hostile.git /`, { secrets: meant, noCache: true });
    expect(given.at(0)).toBeUndefined();
    expect(given.at(-1)).toBeDefined();
  });

  it('over ssh is refused with a way out', async () => {
    await expect(added('ADD git@example.com:a/b.git /')).rejects.toThrow(
      /reached over ssh.*write it as https/,
    );
    await expect(added('COPY $R /')).rejects.toThrow(/COPY cannot take from git/);
  });
});
