import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Context } from 'aws-lambda';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BuildAnswer, BuildRequest } from '../../../lib/build/request.ts';
import { machinePlatform, renderPlatform } from '../../../lib/image/platform.ts';

/** One server for all that the function speaks to: the git host, Secrets Manager, the MicroVMs' API and a VM. */
type Answering = (request: IncomingMessage, body: string, response: ServerResponse) => void;
let files: Record<string, string> = {};
const HERE = renderPlatform(machinePlatform());
let runMicrovm: Answering;
let vm: Answering;
const asked: string[] = [];

async function tarball(): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name: `acme-web/${name}` }, content);
  tar.finalize();
  return gzipSync(await buffer(tar as unknown as AsyncIterable<Buffer>));
}

const server = createServer(async (request, response) => {
  const body = await text(request);
  const path = request.url ?? '';
  const json = (value: unknown, status = 200) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (path.includes('/tarball/')) return response.end(await tarball());
  if (String(request.headers['x-amz-target']).endsWith('GetSecretValue'))
    return json({ SecretString: 'the secret' });
  if (path.endsWith('/auth-token')) return json({ authToken: { 'X-aws-proxy-auth': 'let me in' } });
  const codeBuild = /^CodeBuild_\d+\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1];
  if (codeBuild !== undefined) {
    asked.push(codeBuild);
    const running = { id: 'builder:1', buildStatus: 'IN_PROGRESS', currentPhase: 'BUILD' };
    return json({ ids: [], build: running, builds: [running] });
  }
  if (path === '/2025-09-09/microvms') {
    asked.push('RunMicrovm');
    return runMicrovm(request, body, response);
  }
  if (path.startsWith('/2025-09-09/microvms/')) return json(described());
  asked.push(`${request.method} ${path.replace(/[0-9a-f]{40}/, 'NAME')}`);
  return vm(request, body, response);
});

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const described = () => ({
  microvmId: 'mvm-1',
  state: 'RUNNING',
  endpoint: origin(),
  maximumDurationInSeconds: 1,
});
const DIGEST = `sha256:${'1'.repeat(64)}`;
const BUILT = {
  outcome: 'built',
  digest: DIGEST,
  image: `registry.test/web@${DIGEST}`,
  exposedPorts: [],
  ms: 1,
  uploadedBytes: 1,
};

let directory: string;
let handler: (request: BuildRequest, context: Context) => Promise<BuildAnswer>;
const told: { event: string; message: string }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-engines-'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const variables = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
    AWS_ENDPOINT_URL: origin(),
    HOST_API_URLS: JSON.stringify({ github: origin() }),
    CACHE_DIR: join(directory, 'cache'),
    MICROVM_IMAGE: 'arn:image',
    MICROVM_PLATFORM: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    MICROVM_SECRET_ID: 'key',
    POWERTOOLS_DEV: 'true',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.spyOn(console, 'info').mockImplementation((line: string) => told.push(JSON.parse(line)));
  ({ handler } = await import('../../../lambdas/build-image.ts'));
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(directory, { recursive: true });
});

const ORDERS: Record<string, unknown>[] = [];
beforeEach(() => {
  told.length = 0;
  asked.length = 0;
  ORDERS.length = 0;
  files = { Dockerfile: 'FROM alpine:3\nRUN apk add curl\n' };
  runMicrovm = (_, __, response) => response.end(JSON.stringify(described()));
  vm = (request, body, response) => {
    if (request.url === '/health') return response.end('{"status":"ready"}\n');
    if (request.url?.startsWith('/build?')) ORDERS.push(JSON.parse(body));
    const event = { type: 'notice', message: 'from the VM' };
    response.end(`${JSON.stringify({ n: 0, event })}\n${JSON.stringify({ ending: { answer: BUILT } })}\n`);
  };
});

function build(changes: Partial<BuildRequest> = {}, ms = 60_000): Promise<BuildAnswer> {
  const request: BuildRequest = {
    subject: { delivery: 'd', app: 'web', commit: 'c'.repeat(40) },
    repository: { host: 'github', owner: 'acme', name: 'web' },
    publishTo: 'registry.test/web',
    tags: ['t'],
    fence: 7,
    ...changes,
  };
  return handler(request, { getRemainingTimeInMillis: () => ms } as Context);
}

describe('a Dockerfile that is nothing for the function', () => {
  test('is built in a MicroVM, which is told, with what it tells', async () => {
    expect(await build()).toMatchObject({ outcome: 'built' });
    expect(told.map(({ event, message }) => [event, message])).toEqual([
      ['build.engine', expect.stringMatching(/^RUN apk add curl \(Dockerfile:2\) needs a MicroVM: /)],
      ['build.notice', 'notice: from the VM'],
    ]);
    expect(ORDERS).toHaveLength(1);
    expect(ORDERS[0]).toMatchObject({
      publishTo: 'registry.test/web',
      network: { refuse: 'local-addresses' },
      isolation: 'required',
    });
  });

  test('is handed on to the next invocation when this one is over, and followed by it', async () => {
    const finished = vm;
    vm = (request, body, response) => {
      if (request.method === 'POST' || request.url === '/health') return finished(request, body, response);
      return setTimeout(() => response.end(), 300);
    };
    const before = Date.now();
    const answer = await build();
    // It is not waited for: whoever asked sleeps until the next look.
    expect(Date.now() - before).toBeLessThan(14_000);
    expect(answer).toMatchObject({ outcome: 'building', engine: 'microvm', platform: HERE });
    if (answer.outcome !== 'building') return;
    expect(answer.id).not.toContain('the secret');
    vm = finished;
    const { engine, id, platform } = answer;
    asked.length = 0;
    expect(await build({ continues: { engine, id, platform } })).toMatchObject({ outcome: 'built' });
    // Nothing is begun, and no VM is run, by whoever follows on.
    expect(asked).toEqual([expect.stringMatching(/^GET \/build\/NAME\?from=0/)]);
  });

  test.each([
    ['ServiceQuotaExceededException', 402, 'the quota of MicroVMs is used up'],
    ['InsufficientCapacityException', 503, 'AWS has no capacity for a MicroVM now'],
    ['UnknownOperationException', 404, 'this region has no MicroVMs'],
  ])('is not called the commit’s fault when there is no room: %s', async (name, status, cause) => {
    runMicrovm = (_, __, response) =>
      response.writeHead(status, { 'x-amzn-errortype': name }).end(JSON.stringify({ message: 'no' }));
    expect(await build()).toMatchObject({
      outcome: 'failed',
      blame: 'elsewhere',
      reason: `nobody can build it now: not in a MicroVM: ${cause}; push again when there is room, or install another engine`,
    });
  });

  test('says who may not do what when it is refused', async () => {
    runMicrovm = (_, __, response) =>
      response
        .writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' })
        .end(JSON.stringify({ message: 'not authorized to perform: lambda:RunMicrovm' }));
    expect(await build()).toMatchObject({
      outcome: 'failed',
      blame: 'elsewhere',
      reason: expect.stringMatching(/lambda:RunMicrovm.*check that the role of the function build-image/),
    });
  });

  test('for another processor is nobody’s here, with the line and the way out', async () => {
    const other = process.arch === 'x64' ? 'arm64' : 'amd64';
    files = { Dockerfile: `FROM --platform=linux/${other} alpine:3\nRUN apk add curl\n` };
    expect(await build()).toMatchObject({
      outcome: 'failed',
      blame: 'commit',
      line: 2,
      reason: expect.stringMatching(new RegExp(`^Dockerfile:2: .*is for linux/${other}`)),
    });
    expect(asked).toEqual([]);
  });
});

describe('a RUN that needs more than a MicroVM has', () => {
  const message = 'Dockerfile:2: the command needed more than 1.8 GiB of memory';
  const failed = { outcome: 'failed', blame: 'commit', reason: message, details: 'the lines', line: 2 };
  beforeEach(() => {
    vm = (request, _, response) => {
      if (request.url === '/health') return response.end('{"status":"ready"}\n');
      const ending = { fault: { message, exhausted: 'memory', failed } };
      response.end(`${JSON.stringify({ ending })}\n`);
    };
  });

  test('fails where nobody has more, with the line and the way out', async () => {
    expect(await build()).toEqual({
      outcome: 'failed',
      blame: 'elsewhere',
      line: 2,
      details: 'the lines',
      reason: `a MicroVM has too little memory for it: ${message}; let the Dockerfile need less, or install CodeBuild for what a MicroVM is too small for`,
    });
    expect(asked.filter((one) => one === 'RunMicrovm')).toHaveLength(1);
  });

  describe('where CodeBuild is installed', () => {
    let before: typeof handler;
    beforeAll(async () => {
      before = handler;
      vi.stubEnv('CODEBUILD_PROJECT', 'builder');
      vi.resetModules();
      ({ handler } = await import('../../../lambdas/build-image.ts'));
    });
    afterAll(() => {
      handler = before;
      vi.stubEnv('CODEBUILD_PROJECT', undefined);
      vi.resetModules();
    });

    const because = `RUN apk add curl (Dockerfile:2) needs CodeBuild: `;
    const why = `; not in a MicroVM: a MicroVM has too little memory for it: ${message}`;

    test('goes on there, and says why', { timeout: 30_000 }, async () => {
      expect(await build()).toMatchObject({ outcome: 'building', engine: 'codebuild' });
      const lines = told.filter(({ event }) => event === 'build.engine').map(({ message: line }) => line);
      expect(lines).toEqual([expect.stringContaining('needs a MicroVM'), expect.stringContaining(because)]);
      expect(lines[1]?.endsWith(why)).toBe(true);
    });

    test('goes on there from an invocation that followed it', { timeout: 30_000 }, async () => {
      const id = Buffer.from(JSON.stringify(['mvm-1', 'token', 0, 0, 0])).toString('base64url');
      const continues = { engine: 'microvm' as const, id, platform: HERE };
      expect(await build({ continues })).toMatchObject({ outcome: 'building', engine: 'codebuild' });
      expect(asked).toContain('StartBuild');
      expect(asked).not.toContain('RunMicrovm');
      expect(told.at(-1)?.message.endsWith(why)).toBe(true);
    });
  });
});

describe('a Dockerfile that the function could build', () => {
  beforeEach(() => {
    files = { Dockerfile: 'FROM scratch\nCOPY fairlead.yaml /\n', 'fairlead.yaml': '' };
  });
  const SPARE = 30_000;

  test('goes on in a MicroVM when it takes the function too long', async () => {
    expect(await build({}, SPARE + 1)).toMatchObject({ outcome: 'built' });
    expect(told[0]?.message).toMatch(
      /^building in a MicroVM: in the function it did not end within 0\.0 minutes/,
    );
  });

  test('fails with a clear line where nobody else may have it, which is not the commit’s fault', async () => {
    files['fairlead.yaml'] = 'engine: function\n';
    expect(await build({}, SPARE + 1)).toMatchObject({
      outcome: 'failed',
      blame: 'elsewhere',
      reason: expect.stringMatching(/^in a Lambda function it did not end within .*; install an engine/),
    });
  });
});

describe('fairlead.yaml', () => {
  test('says what the image is for', async () => {
    files['fairlead.yaml'] = 'engine: microvm\nplatform: linux/arm64\n';
    files.Dockerfile = 'FROM scratch\nCOPY fairlead.yaml /\n';
    expect(await build()).toMatchObject({ outcome: 'built' });
    expect(ORDERS[0]).toMatchObject({ platform: { os: 'linux', architecture: 'arm64' } });
  });

  test('may send what the function could do to a MicroVM', async () => {
    files = { Dockerfile: 'FROM scratch\nCOPY fairlead.yaml /\n', 'fairlead.yaml': 'engine: microvm\n' };
    expect(await build()).toMatchObject({ outcome: 'built' });
    expect(told[0]?.message).toBe('building in a MicroVM, as fairlead.yaml says');
  });

  test('may keep a build in the function, which then says what it cannot do', async () => {
    files = { Dockerfile: 'FROM scratch\nRUN ls\n', 'fairlead.yaml': 'engine: function\n' };
    expect(await build()).toMatchObject({ outcome: 'failed', blame: 'commit', line: 2 });
    expect(asked).toEqual([]);
  });

  test('cannot ask for what is not installed', async () => {
    files = { Dockerfile: 'FROM scratch\n', 'fairlead.yaml': 'engine: codebuild\n' };
    expect(await build()).toMatchObject({
      outcome: 'failed',
      blame: 'commit',
      reason: expect.stringMatching(/^fairlead\.yaml: engine: fairlead\.yaml asks for CodeBuild/),
    });
  });
});
