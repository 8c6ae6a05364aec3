import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Cluster, startCluster } from '../../../local/kubernetes/cluster.ts';
import type { Service } from '../../../local/kubernetes/controllers/types.ts';
import { Runtime } from '../../../local/kubernetes/kubelet/runtime.ts';
import type { Container, Pod, PodSpec } from '../../../local/kubernetes/kubelet/types.ts';
import type { KubernetesObject } from '../../../local/kubernetes/object.ts';
import { Store } from '../../../local/kubernetes/store.ts';
import { serveImages } from './image-server.ts';

/** Kept between runs: Go's standard library takes ten seconds to compile. Anew for each user, for its owner. */
export const go = { binary: 'go', cache: join(tmpdir(), `fairlead-test-go-${userInfo().uid}`) };

/** Why pods cannot be run here, undefined when they can. */
export async function whyNoPods(): Promise<string | undefined> {
  return Runtime.open(go).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

export type TestCluster = Awaited<ReturnType<typeof testCluster>>;

type Told = KubernetesObject & { reason: string; message: string; count: number };

/** A cluster with images `x.test/app:v1` and `:v2` of `fixtures/pod-app`, and short waits after failures. */
export async function testCluster() {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-cluster-'));
  const images = await serveImages();
  const app = await compileApp(directory);
  for (const tag of ['v1', 'v2'])
    await images.add('app', tag, {
      layers: [[{ name: 'app', mode: 0o755, content: app }]],
      config: { Entrypoint: ['/app'], Env: [`VERSION=${tag}`] },
    });
  const store = new Store();
  store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  const stateDir = join(directory, 'state');
  const cluster: Cluster = await startCluster({
    store,
    stateDir,
    registryHost: images.host,
    go,
    backOff: { initialMs: 300, limitMs: 2_000 },
  });
  const pod = (name: string) => store.get<Pod>('Pod', 'default', name);
  const eventsOf = (name: string) =>
    store.list<Told>('Event', { fieldSelector: `involvedObject.name=${name}` }).items;
  return {
    store,
    cluster,
    images,
    stateDir,
    app,
    pod,
    run: (name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}) =>
      store.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'x.test/app:v1', ...container }], ...spec },
      }),
    status: (name: string) => pod(name)?.status?.containerStatuses?.[0],
    /** Messages of the object's events by reason, in the order of their first time. */
    events: (name: string) => eventsOf(name).map(({ reason, message }) => `${reason}: ${message}`),
    /** How often the object was told of that. */
    timesTold: (name: string, message: string) =>
      eventsOf(name).find((event) => event.message === message)?.count ?? 0,
    async log(name: string, options: { previous?: boolean; timestamps?: boolean; tailLines?: number } = {}) {
      const found = pod(name);
      const output = found && cluster.kubelet.logs(found, 'main', options, new AbortController().signal);
      return Buffer.concat(output ? await Array.fromAsync(output) : []).toString();
    },
    /** @returns the node port */
    expose(app: string): number {
      const service = store.create({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: app, namespace: 'default' },
        spec: { type: 'NodePort', selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
      }) as Service;
      return service.spec.ports?.[0]?.nodePort ?? 0;
    },
    async close() {
      await cluster.close();
      await images.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until something is true. */
export async function until(what: string, holds: () => unknown, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`it did not come about in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** @returns the body, or the error's code */
export function ask(port: number, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? body : String(response.statusCode)));
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}

async function compileApp(directory: string): Promise<Buffer> {
  const source = join(import.meta.dirname, '../../fixtures/pod-app');
  const binary = join(directory, 'app');
  const environment = { ...process.env, CGO_ENABLED: '0', GOCACHE: join(go.cache, 'build'), GOFLAGS: '' };
  await mkdir(go.cache, { recursive: true });
  // The same flags as for the pod runtime, so that both share a compiled standard library.
  const options = ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', binary, '.'];
  await promisify(execFile)(go.binary, options, { cwd: source, env: environment });
  return readFile(binary);
}
