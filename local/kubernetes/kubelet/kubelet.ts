import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from '../object.ts';
import type { Store } from '../store.ts';
import { type BackOff, kubeletBackOff } from './back-off.ts';
import { ImageStore } from './images/image-store.ts';
import { type LogOptions, readLog } from './log-file.ts';
import { type NodeObject, newNode, nodeIP, nodeName, nodeStatus } from './node.ts';
import { type NodeContext, PodRunner } from './pod-runner.ts';
import type { Runtime } from './runtime.ts';
import { startScheduler } from './scheduler.ts';
import type { Pod } from './types.ts';

export interface KubeletOptions {
  store: Store;
  runtime: Runtime;
  /** An absolute path; everything below it belongs to the kubelet. */
  stateDir: string;
  registryHost: string;
  backOff?: BackOff;
}

/** The one node of the cluster: it runs the pods that are in the store and writes their status into it. */
export class Kubelet {
  readonly #store: Store;
  readonly #node: NodeContext;
  readonly #stateDescriptor: number;
  readonly #runners = new Map<string, PodRunner>();
  readonly #byIP = new Map<string, PodRunner>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #unwatch: (() => void)[] = [];
  #nextIP = 2;

  private constructor({ store, runtime, stateDir, registryHost, backOff = kubeletBackOff }: KubeletOptions) {
    this.#store = store;
    this.#stateDescriptor = openSync(stateDir, 'r');
    this.#node = {
      store,
      runtime,
      images: new ImageStore(stateDir, runtime, registryHost),
      backOff,
      state: stateDir,
      // A Unix socket's path has 107 bytes at most, and a state directory's may be longer.
      shortState: `/proc/self/fd/${this.#stateDescriptor}`,
      node: { name: nodeName, ip: nodeIP, cpus: cpus().length, memoryBytes: totalmem() },
      configurationChanged: (namespace, signal) => this.#configurationChanged(namespace, signal),
    };
  }

  static async start(options: KubeletOptions): Promise<Kubelet> {
    const { stateDir, store, runtime } = options;
    await runtime.remove(...leftovers(stateDir)); // of one that was killed
    for (const name of ['pods', 'sockets', 'layers']) await mkdir(join(stateDir, name), { recursive: true });
    store.create(newNode());
    store.patchStatus<NodeObject>('Node', undefined, nodeName, (draft) => {
      draft.status = nodeStatus(new Date());
    });
    const kubelet = new Kubelet(options);
    kubelet.#watch();
    return kubelet;
  }

  /**
   * Connects to a port of a pod.
   * @throws Error with the errno as `code`; ECONNREFUSED too when there is no such pod
   */
  async dial(podIP: string, port: number): Promise<Socket> {
    const runner = this.#byIP.get(podIP);
    if (!runner) throw Object.assign(new Error(`no pod has the address ${podIP}`), { code: 'ECONNREFUSED' });
    return runner.dial(port);
  }

  /**
   * A container's output; undefined when that run of it has none here.
   * @param signal ends following
   */
  logs(
    pod: Pod,
    container: string,
    options: LogOptions & { previous?: boolean },
    signal: AbortSignal,
  ): AsyncIterable<Buffer> | undefined {
    const which = options.previous ? 'previous' : 'current';
    const file = this.#runners.get(pod.metadata.uid)?.log(container, which);
    return file && readLog(file.path, options, file.isOver, signal);
  }

  /** Ends every pod and removes everything from the state directory. */
  async close(): Promise<void> {
    for (const stop of this.#unwatch) stop();
    await Promise.all([...this.#runners.values()].map((runner) => runner.remove()));
    this.#runners.clear();
    closeSync(this.#stateDescriptor);
    await this.#node.runtime.remove(...leftovers(this.#node.state));
  }

  #watch(): void {
    const { items, resourceVersion } = this.#store.list<Pod>('Pod');
    for (const pod of items) this.#take(pod);
    this.#unwatch = [
      this.#store.watch<Pod>('Pod', resourceVersion, ({ type, object }) =>
        type === 'DELETED' ? this.#forget(object) : this.#take(object),
      ),
      ...['ConfigMap', 'Secret'].map((kind) =>
        this.#store.watch(kind, resourceVersion, ({ object }) => this.#wake(object)),
      ),
      startScheduler(this.#store),
    ];
  }

  #take(pod: Pod): void {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 30 } = pod.metadata;
    if (pod.spec.nodeName !== nodeName) return;
    const runner = this.#runners.get(uid);
    if (deletionTimestamp !== undefined) void this.#end(pod, runner, deletionGracePeriodSeconds);
    else if (!runner) this.#begin(pod);
  }

  #begin(pod: Pod): void {
    const runner = new PodRunner(this.#node, pod, this.#address());
    this.#runners.set(pod.metadata.uid, runner);
    this.#byIP.set(runner.podIP, runner);
  }

  async #end(
    { metadata: { namespace, name, uid } }: Pod,
    runner: PodRunner | undefined,
    grace: number,
  ): Promise<void> {
    await runner?.stop(grace);
    const current = this.#store.get('Pod', namespace, name);
    if (current?.metadata.uid !== uid || this.#runners.get(uid) !== runner) return;
    this.#store.delete('Pod', namespace, name, { gracePeriodSeconds: 0 });
  }

  #forget({ metadata: { uid } }: Pod): void {
    const runner = this.#runners.get(uid);
    if (!runner) return;
    this.#runners.delete(uid);
    runner.remove().then(
      () => this.#byIP.delete(runner.podIP),
      () => {}, // its files stay until the kubelet is closed
    );
  }

  /** 10.244.0.2 and up; an address is not used again for long, so that nobody reaches the wrong pod. */
  #address(): string {
    for (;;) {
      const number = this.#nextIP++ % 65_534;
      const address = `10.244.${number >> 8}.${number & 255}`;
      if (number > 1 && (number & 255) > 0 && (number & 255) < 255 && !this.#byIP.has(address))
        return address;
    }
  }

  #configurationChanged(namespace: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(namespace) ?? new Set();
      this.#waiting.set(namespace, waiting);
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) wake();
    });
  }

  #wake({ metadata: { namespace = '' } }: KubernetesObject): void {
    for (const wake of [...(this.#waiting.get(namespace) ?? [])]) wake();
  }
}

function leftovers(stateDir: string): string[] {
  return ['pods', 'sockets', 'layers'].map((name) => join(stateDir, name));
}
