import type { KubernetesObject } from '../release/types.ts';
import { fault } from './fault.ts';
import type { Located } from './types.ts';

/** Helm's annotations (Helm documentation, "Chart Hooks"); they mean the same in manifests that are no chart. */
const HOOK = 'helm.sh/hook';
const WEIGHT = 'helm.sh/hook-weight';
const POLICY = 'helm.sh/hook-delete-policy';

/** When a release runs what is a hook: before anything that serves is changed. */
const BEFORE = ['pre-install', 'pre-upgrade'];

/**
 * Leaves out the hooks that no release runs. A Job has to be one that a release runs: as an ordinary object it could
 * not be changed by the next release.
 * @throws FairleadError `manifests/refused-kind`
 */
export function withoutStrangeHooks(located: readonly Located[]): { kept: Located[]; notices: string[] } {
  const kept: Located[] = [];
  const notices: string[] = [];
  for (const one of located) {
    const { kind, metadata } = one.object;
    const hooks = hooksOf(one.object);
    if (hooks.length === 0 && kind === 'Job') throw plainJob(one);
    if (hooks.length === 0 || hooks.some((hook) => BEFORE.includes(hook))) kept.push(one);
    else notices.push(`${kind} ${metadata.name} is left out: ${whyOut(hooks)}`);
  }
  return { kept, notices };
}

/** Whether a release runs it, as a Job, to its end before anything that serves is changed. */
export function runsBefore(object: KubernetesObject): boolean {
  return object.kind === 'Job' && hooksOf(object).length > 0;
}

/** Jobs in the order in which they are run: by weight, then by name. */
export function inOrder(jobs: readonly KubernetesObject[]): KubernetesObject[] {
  return [...jobs].sort((a, b) => weightOf(a) - weightOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** What is left of an object's annotations when Helm has nothing to do with it any more. */
export function withoutHelm(annotations: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).filter(
      ([key]) => ![HOOK, WEIGHT, POLICY].includes(key) && !key.startsWith('meta.helm.sh/'),
    ),
  );
}

function hooksOf({ metadata }: KubernetesObject): string[] {
  const said = metadata.annotations?.[HOOK] ?? '';
  return said
    .split(',')
    .map((hook) => hook.trim())
    .filter((hook) => hook !== '');
}

function weightOf({ metadata }: KubernetesObject): number {
  return Number(metadata.annotations?.[WEIGHT] ?? 0) || 0;
}

function whyOut(hooks: readonly string[]): string {
  return hooks.every((hook) => hook.startsWith('test'))
    ? 'it is a test of the chart'
    : `it is a hook for ${hooks.join(', ')}, and a release runs pre-install and pre-upgrade only`;
}

function plainJob({ object, place }: Located) {
  return fault(
    'refused-kind',
    place,
    `Job ${object.metadata.name} cannot be changed by the next release`,
    `to run it before each release, give it the annotation \`${HOOK}: pre-install,pre-upgrade\`; to run it by the clock, write a CronJob`,
  );
}
