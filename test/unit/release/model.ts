import { deploymentsThatCount, withCounts } from '../../../lib/release/counts.ts';
import { phasesOf } from '../../../lib/release/phases.ts';
import type { Phase, Release } from '../../../lib/release/types.ts';
import type { Any } from './making.ts';

interface Pods {
  labels: Record<string, string>;
  wanted: number;
  ready: number;
}

/** How far a phase gets: some of its resources are applied, or all of them and its pods are ready. */
export type Reach = { applied: number } | 'ready';

/**
 * A cluster as far as one Service and the pods behind it go, at its worst: new pods are ready only when they are waited
 * for, and a Deployment keeps no more ready pods meanwhile than `maxUnavailable: 0` makes it.
 */
export class Model {
  readonly #deployments = new Map<string, Pods>();
  #selector: Record<string, string> | undefined;
  /** Told after every change how many ready pods the Service finds. */
  readonly #see: (ready: number) => void;

  constructor(see: (ready: number) => void) {
    this.#see = see;
  }

  get tracks(): string[] {
    return [...this.#deployments.values()].map(({ labels }) => labels['fairlead.dev/track'] ?? '').sort();
  }

  /** The tracks that the Service sends requests to. */
  get serving(): string[] {
    const found = [...this.#deployments.values()].filter((pods) => this.#finds(pods) && pods.ready > 0);
    return found.map(({ labels }) => labels['fairlead.dev/track'] ?? '').sort();
  }

  ready(): number {
    return [...this.#deployments.values()]
      .filter((pods) => this.#finds(pods))
      .reduce((sum, { ready }) => sum + ready, 0);
  }

  /** An autoscaler sets a Deployment's number of pods, and it gets them. */
  scale(name: string, replicas: number): void {
    const pods = this.#deployments.get(name);
    if (pods !== undefined) Object.assign(pods, { wanted: replicas, ready: replicas });
  }

  /** Brings a release out to its end, or as far as phase `until.phase` gets. */
  bringOut(release: Release, until?: { phase: number; reach: Reach }): void {
    const phases = phasesOf(release);
    for (const [index, phase] of phases.entries()) {
      const isLast = until !== undefined && index === Math.min(until.phase, phases.length - 1);
      this.apply(phase, isLast ? until.reach : 'ready');
      if (isLast) return;
      if (phase.prune) this.prune(release);
    }
  }

  apply(phase: Phase, reach: Reach): void {
    const present = new Map(
      deploymentsThatCount(phase).flatMap((name): [string, number][] => {
        const found = this.#deployments.get(name);
        return found === undefined ? [] : [[name, found.wanted]];
      }),
    );
    const resources: Any[] = withCounts(phase, present);
    const count = reach === 'ready' ? resources.length : reach.applied % (resources.length + 1);
    for (const { kind, metadata, spec } of resources.slice(0, count)) {
      if (kind === 'Service') this.#selector = spec.selector;
      if (kind === 'Deployment') this.#roll(metadata.name, spec.selector.matchLabels, spec.replicas);
      this.#see(this.ready());
    }
    if (reach !== 'ready') return;
    for (const { name } of phase.workloads) {
      const pods = this.#deployments.get(name);
      if (pods !== undefined) pods.ready = pods.wanted;
    }
    this.#see(this.ready());
  }

  prune({ resources }: Release): void {
    for (const name of this.#deployments.keys())
      if (!resources.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name))
        this.#deployments.delete(name);
    this.#see(this.ready());
  }

  #roll(name: string, labels: Record<string, string>, wanted: number): void {
    const ready = Math.min(this.#deployments.get(name)?.ready ?? 0, wanted);
    this.#deployments.set(name, { labels, wanted, ready });
  }

  #finds({ labels }: Pods): boolean {
    return (
      this.#selector !== undefined &&
      Object.entries(this.#selector).every(([key, value]) => labels[key] === value)
    );
  }
}
