import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type ApiServerOptions, startApiServer } from '../../../local/kubernetes/api/server.ts';
import { Store } from '../../../local/kubernetes/store.ts';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any object
  body: any;
  text: string;
}

interface CallOptions {
  body?: unknown;
  type?: string;
  accept?: string;
  /** A bearer token instead of the administrator's certificate; null is nobody. */
  token?: string | null;
  /** Called with each line of a stream; true ends it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any object
  onLine?: (line: any) => boolean | undefined;
  headers?: Record<string, string>;
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** A client for the cluster of a kubeconfig, as its administrator or with a token. */
export async function clientFor(kubeconfigFile: string): Promise<Call> {
  const { clusters, users } = parse(await readFile(kubeconfigFile, 'utf8'));
  const pem = (text: string) => Buffer.from(text, 'base64').toString();
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  return (method, path, options = {}) => {
    const {
      token,
      body,
      type = 'application/json',
      accept = 'application/json',
      onLine,
      headers = {},
    } = options;
    const content = bodyOf(body);
    const credentials = token === undefined ? { cert: pem(cert), key: pem(key) } : {};
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, server),
        {
          method,
          ca: pem(ca),
          ...credentials,
          agent: false,
          headers: {
            accept,
            'content-type': type,
            // Node sends no length with a DELETE unless it is told.
            'content-length': content.length,
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...headers,
          },
        },
        async (response) => {
          let text = '';
          let rest = '';
          for await (const chunk of response) {
            text += chunk;
            if (!onLine) continue;
            const lines = (rest + chunk).split('\n');
            rest = lines.pop() ?? '';
            if (lines.some((line) => onLine(JSON.parse(line)))) break;
          }
          const isJson = !onLine && String(response.headers['content-type']).startsWith('application/json');
          const json = isJson && text !== '' ? JSON.parse(text) : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: json, text });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(content);
    });
  };
}

function bodyOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

export interface TestServer {
  store: Store;
  call: Call;
  kubeconfigFile: string;
  endpoint: string;
  ca: string;
  interrupt: () => Promise<() => Promise<void>>;
  close: () => Promise<void>;
}

/** Our API server over a new store, in a folder of its own. The token `dev` is a user's without rights. */
export async function startTestServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-kubernetes-'));
  const store = new Store();
  const server = await startApiServer({
    store,
    host: '127.0.0.1',
    stateDir,
    authenticate: (token) => (token === 'dev' ? { username: 'dev', groups: ['devs'] } : undefined),
    logs: async function* () {
      yield Buffer.from('no logs\n');
    },
    ...options,
  });
  const { kubeconfigFile, endpoint, ca, interrupt } = server;
  const call = await clientFor(kubeconfigFile);
  const close = async () => {
    await server.close();
    await rm(stateDir, { recursive: true });
  };
  return { store, call, kubeconfigFile, endpoint, ca, interrupt, close };
}

/** The parts of a Deployment that tests change. */
export function deployment(
  name: string,
  { replicas, image = 'demo:v1' }: { replicas?: number; image?: string } = {},
) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}
