import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sameJson, timestamp } from '../object.ts';
import type { Store } from '../store.ts';
import type { BackOff } from './back-off.ts';
import { ContainerRunner } from './container-runner.ts';
import type { PodFacts } from './downward.ts';
import type { Lookup } from './environment.ts';
import type { ImageStore } from './images/image-store.ts';
import { pause } from './pause.ts';
import type { PodContext } from './pod-context.ts';
import { podStatus } from './pod-status.ts';
import type { Runtime } from './runtime.ts';
import { Sandbox } from './sandbox.ts';
import type { Pod } from './types.ts';
import { MountError, writeVolumes } from './volumes.ts';

/** What the pods of a node share. */
export interface NodeContext {
  store: Store;
  runtime: Runtime;
  images: ImageStore;
  backOff: BackOff;
  state: string;
  /** The state directory by a path that is short enough for the sockets in it. */
  shortState: string;
  node: PodFacts['node'];
  configurationChanged(namespace: string, signal: AbortSignal): Promise<void>;
}

/** How long a pod that is to end still gets what was sent before the proxy took it out. */
const drainMs = 150;

const sandboxRetryMs = 5_000;
const mountRetryMs = 10_000;

/** Runs one pod from its scheduling to its deletion and writes its status. */
export class PodRunner {
  readonly #node: NodeContext;
  readonly #pod: Pod;
  readonly #podIP: string;
  readonly #stopping = new AbortController();
  readonly #startTime = timestamp(new Date());
  readonly #directory: string;
  readonly #done: Promise<void>;
  #init: ContainerRunner[] = [];
  #containers: ContainerRunner[] = [];
  #sandbox: Promise<Sandbox> | undefined;
  #hasIP = false;
  #isStatusDue = false;
  #graceMs = Number.POSITIVE_INFINITY;
  #graceEnd: NodeJS.Timeout | undefined;

  constructor(node: NodeContext, pod: Pod, podIP: string) {
    this.#node = node;
    this.#pod = pod;
    this.#podIP = podIP;
    this.#directory = join('pods', pod.metadata.uid);
    this.#done = this.#run().catch((error: Error) => this.#tell('Warning', 'FailedSync', error.message));
  }

  get podIP(): string {
    return this.#podIP;
  }

  /** @throws Error with the errno as `code` */
  async dial(port: number): Promise<Socket> {
    const sandbox = await this.#sandbox;
    if (!sandbox) throw Object.assign(new Error('the pod has no sandbox'), { code: 'ECONNREFUSED' });
    return sandbox.dial(port);
  }

  /** Where a container's output is; undefined when there is no such container or it has not been prepared. */
  log(container: string, which: 'current' | 'previous'): { path: string; isOver: () => boolean } | undefined {
    const runner = [...this.#init, ...this.#containers].find(({ status }) => status.name === container);
    return runner?.log(which);
  }

  /** Ends the pod; a later call may shorten the grace. */
  async stop(graceSeconds: number): Promise<void> {
    const graceMs = 1_000 * graceSeconds;
    if (graceMs < this.#graceMs) {
      this.#graceMs = graceMs;
      clearTimeout(this.#graceEnd);
      this.#graceEnd = setTimeout(() => this.#each((runner) => runner.kill()), graceMs && graceMs + drainMs);
    }
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      if (graceMs > 0) await delay(drainMs);
      await Promise.all([...this.#init, ...this.#containers].map((runner) => runner.stop(graceMs)));
    }
    await this.#done;
    clearTimeout(this.#graceEnd);
    this.#publish();
  }

  /** Ends all that is left of it at once, and removes its files. */
  async remove(): Promise<void> {
    this.#stopping.abort();
    const close = async () => (await this.#sandbox?.catch(() => undefined))?.close();
    await close();
    await this.#done;
    await close(); // one that was opened meanwhile
    const { runtime, state } = this.#node;
    await runtime.remove(join(state, this.#socket()), join(state, this.#directory));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const context = this.#context();
    this.#init = (this.#pod.spec.initContainers ?? []).map(
      (each) => new ContainerRunner(context, each, 'init'),
    );
    this.#containers = this.#pod.spec.containers.map((each) => new ContainerRunner(context, each, 'app'));
    this.#publish();
    await this.#writeFiles(context);
    if (signal.aborted) return;
    await this.#firstSandbox();
    for (const runner of this.#init) if (signal.aborted || (await runner.run()) === 'failed') return;
    if (!signal.aborted) await Promise.all(this.#containers.map((runner) => runner.run()));
    await (await this.#sandbox)?.close();
  }

  /** Tries until the pod has its namespaces or is to end. */
  async #firstSandbox(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#openSandbox();
        return;
      } catch (error) {
        this.#tell('Warning', 'FailedCreatePodSandBox', (error as Error).message);
        await pause(sandboxRetryMs, signal);
      }
    }
  }

  /** The pod's namespaces, made when there are none, or anew when somebody ended their first process. */
  async #openSandbox(): Promise<Sandbox> {
    const present = await this.#sandbox?.catch(() => undefined);
    if (present?.isOpen) return present;
    if (present)
      this.#tell('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    const { runtime, state, shortState } = this.#node;
    this.#sandbox = Sandbox.open(runtime.binary, state, {
      socket: this.#socket(),
      socketFromHere: join(shortState, this.#socket()),
      address: this.#podIP,
      hostname: this.#pod.spec.hostname ?? this.#pod.metadata.name.slice(0, 63),
    });
    const sandbox = await this.#sandbox;
    this.#hasIP = true;
    return sandbox;
  }

  #context(): PodContext {
    const { store, ...node } = this.#node;
    const { namespace = 'default' } = this.#pod.metadata;
    const lookup: Lookup = {
      configMap: (name) => store.get('ConfigMap', namespace, name),
      secret: (name) => store.get('Secret', namespace, name),
    };
    const facts = { pod: this.#pod, podIP: this.#podIP, node: node.node };
    return {
      ...node,
      pod: this.#pod,
      facts,
      lookup,
      sandbox: () => this.#openSandbox(),
      directory: this.#directory,
      stopping: this.#stopping.signal,
      tell: (type, reason, message, container) => this.#tell(type, reason, message, container),
      changed: () => this.#statusIsDue(),
      configurationChanged: (limitMs) =>
        this.#node.configurationChanged(
          namespace,
          AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(limitMs)]),
        ),
    };
  }

  /** The pod's directory with its volumes and the files that every container gets. */
  async #writeFiles(context: PodContext): Promise<void> {
    const { name, namespace = 'default' } = this.#pod.metadata;
    const directory = join(this.#node.state, this.#directory);
    await mkdir(directory, { recursive: true });
    const hostname = this.#pod.spec.hostname ?? name;
    await writeFile(
      join(directory, 'hosts'),
      `127.0.0.1\tlocalhost\n::1\tlocalhost\n${this.#podIP}\t${hostname}\n`,
    );
    await writeFile(join(directory, 'hostname'), `${hostname}\n`);
    const domains = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
    await writeFile(join(directory, 'resolv.conf'), `search ${domains}\noptions ndots:5\n`);
    await chmod(directory, 0o755);
    while (!this.#stopping.signal.aborted) {
      const changed = context.configurationChanged(mountRetryMs);
      try {
        return await writeVolumes(join(directory, 'volumes'), context.facts, context.lookup);
      } catch (error) {
        if (!(error instanceof MountError)) throw error;
        this.#tell('Warning', 'FailedMount', error.message);
        await changed;
      }
    }
  }

  #socket(): string {
    return join('sockets', this.#pod.metadata.uid);
  }

  #each(act: (runner: ContainerRunner) => void): void {
    for (const runner of [...this.#init, ...this.#containers]) act(runner);
  }

  /** Gathers the changes of one turn into one write. */
  #statusIsDue(): void {
    if (this.#isStatusDue) return;
    this.#isStatusDue = true;
    queueMicrotask(() => this.#publish());
  }

  #publish(): void {
    this.#isStatusDue = false;
    const { name, namespace, uid } = this.#pod.metadata;
    const current = this.#node.store.get<Pod>('Pod', namespace, name);
    if (current?.metadata.uid !== uid) return;
    const observed = {
      podIP: this.#hasIP ? this.#podIP : undefined,
      hostIP: this.#node.node.ip,
      startTime: this.#startTime,
      initStatuses: this.#init.map(({ status }) => status),
      statuses: this.#containers.map(({ status }) => status),
    };
    const status = podStatus(current, observed, timestamp(new Date()));
    if (sameJson(status, current.status)) return;
    this.#node.store.patchStatus<Pod>('Pod', namespace, name, (draft) => {
      draft.status = status;
    });
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void {
    const isInit = this.#pod.spec.initContainers?.some(({ name }) => name === container);
    const fieldPath = container && `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
    this.#node.store.recordEvent(this.#pod, type, reason, message, 'kubelet', fieldPath ? { fieldPath } : {});
  }
}
