import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError } from '../../../lib/errors.ts';
import { Kube } from '../../../lib/kube/client.ts';
import { phasesOf } from '../../../lib/release/phases.ts';
import type { Release } from '../../../lib/release/types.ts';
import { Cluster } from '../../../lib/rollout/cluster.ts';
import type { PodChange } from '../../../lib/rollout/pods.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { type Listener, rollOut } from '../../../lib/rollout/roll-out.ts';
import { kubectl, type Running } from './implementation.ts';

/** A request without what every one says. */
type Asked = { release: Release } & (
  | { do: 'apply'; phase: number; back?: true }
  | { do: 'undo'; back?: Release }
  | { do: 'prune' }
  | { do: 'remove' }
  | { do: 'observe'; phase: number | 'back' }
);

/** Words for the tests: Fairlead on one side of a running cluster, kubectl on the other. */
export class Installation {
  readonly running: Running;
  readonly kube: Kube;
  readonly cluster: Cluster;
  readonly namespaces = new Set<string>();

  constructor(running: Running) {
    this.running = running;
    this.kube = new Kube(running.connection);
    this.cluster = new Cluster(this.kube, running.deployers);
  }

  async ask(request: Asked, fence: number, more: Partial<Listener> = {}) {
    const pods: PodChange[] = [];
    const { release } = request;
    this.namespaces.add(release.namespace);
    const subject = { delivery: 'd', app: release.app, commit: release.commit };
    const started = Date.now();
    const listener = { onApplied: () => {}, onPod: (change: PodChange) => pods.push(change), ...more };
    const once = () => rollOut(this.cluster, { ...request, subject, fence }, listener);
    // What may pass by itself is asked again, as the deployment does: a busy cluster takes minutes over a namespace.
    const answer: RolloutAnswer = await once().catch((error) => {
      if (error instanceof FairleadError && error.temporary) return once();
      throw error;
    });
    return { answer, pods, ms: Date.now() - started };
  }

  apply(release: Release, fence: number, phase = 0) {
    return this.ask({ do: 'apply', phase, release }, fence);
  }

  /** All phases one after another, each watched for a moment, as the deployment does; answers what came of the last. */
  async bringOut(release: Release, fence: number): Promise<RolloutAnswer> {
    let answer: RolloutAnswer = { state: 'unknown', reason: 'it has no phases' };
    for (const [number, { bakeSeconds }] of phasesOf(release).entries()) {
      ({ answer } = await this.apply(release, fence, number));
      answer = await this.#follow(answer, release, number, fence);
      if (answer.state !== 'live') return answer;
      await sleep(1000 * Math.min(bakeSeconds, 1));
    }
    await this.ask({ do: 'prune', release }, fence);
    return answer;
  }

  /**
   * What was good, as a deployment brings it back from `gone`: at once where the pods are there still or take the place of
   * those that serve, else in its phases, of which none is watched.
   */
  async bringBack(gone: Release, back: Release, fence: number): Promise<RolloutAnswer> {
    const phases = phasesOf(back);
    if (phases.length === 1) {
      const { answer } = await this.ask({ do: 'undo', release: gone, back }, fence);
      return this.#follow(answer, back, 'back', fence);
    }
    let answer: RolloutAnswer = { state: 'unknown', reason: 'it has no phases' };
    for (const phase of phases.keys()) {
      ({ answer } = await this.ask({ do: 'apply', phase, release: back, back: true }, fence));
      answer = await this.#follow(answer, back, phase, fence);
      if (answer.state !== 'live') return answer;
    }
    return answer;
  }

  async #follow(first: RolloutAnswer, release: Release, phase: number | 'back', fence: number) {
    let answer = first;
    while (answer.state === 'progressing')
      ({ answer } = await this.ask({ do: 'observe', phase, release }, fence));
    return answer;
  }

  /** A namespace that somebody else has made, and has let Fairlead in. */
  async handOver(namespace: string): Promise<void> {
    await this.kubectl('create', 'namespace', namespace);
    await this.kubectl('label', 'namespace', namespace, 'app.kubernetes.io/managed-by=fairlead');
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl(this.running.kubeconfig, args);
  }

  /** What `jsonpath` finds in an object, or with no name in a list. */
  read(namespace: string, kind: string, name: string, jsonpath: string): Promise<string> {
    const names = name === '' ? [] : [name];
    return this.kubectl('-n', namespace, 'get', kind, ...names, '-o', `jsonpath=${jsonpath}`);
  }

  async tidy(): Promise<void> {
    for (const name of this.namespaces)
      await this.kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
    this.namespaces.clear();
  }

  async close(): Promise<void> {
    this.kube.close();
    await this.running.close();
  }
}
