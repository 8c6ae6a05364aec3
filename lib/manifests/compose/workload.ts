import type { KubernetesObject } from '../../release/types.ts';
import { OWN } from './image.ts';
import { bad, labelsOf, type Making, notice } from './making.ts';
import { podSpecOf } from './pod.ts';
import type { Port } from './ports.ts';
import { mountVolumes } from './volumes.ts';

/** What others wait for until it has ended: it is run before a release (Compose Specification, "depends_on"). */
const COMPLETED = 'service_completed_successfully';
const HOOKS = { 'helm.sh/hook': 'pre-install,pre-upgrade' };

/** The Deployment of a service, or the Job of one that has to end before others begin. */
export async function workloadOf(
  making: Making,
  makings: readonly Making[],
  ports: readonly Port[],
): Promise<KubernetesObject> {
  const keeps = await mountVolumes(making);
  const spec = await podSpecOf(making, making.isOwn ? OWN : (making.said.image ?? OWN), ports);
  tellDependencies(making, makings);
  if (isRunOnce(making, makings)) return job(making, spec);
  const { mode } = making.said.deploy ?? {};
  if (mode !== undefined && mode !== 'replicated')
    throw bad(making, 'deploy.mode', `is ${mode}`, 'write manifests of your own for that');
  if (/^(no|on-failure|false)/.test(making.said.restart ?? 'always'))
    notice(making, 'restart', 'is left out: the program is started again whenever it ends');
  return deployment(making, spec, keeps);
}

type PodSpec = Awaited<ReturnType<typeof podSpecOf>>;

function deployment(making: Making, spec: PodSpec, keeps: 'keeps' | 'keeps-nothing'): KubernetesObject {
  const { name, said } = making;
  const labels = labelsOf(making);
  const replicas = said.deploy?.replicas ?? said.scale ?? 1;
  if (keeps === 'keeps' && replicas > 1)
    throw bad(
      making,
      'deploy.replicas',
      `is ${replicas}, but its volume is for one pod`,
      'keep data in one service, and let the others ask it',
    );
  if (keeps === 'keeps' && making.isOwn)
    notice(
      making,
      'volumes',
      'belong to one pod: with each release the old one ends before the new one starts',
    );
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: labels },
      strategy:
        keeps === 'keeps'
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      template: { metadata: { labels }, spec },
    },
  };
}

function job(making: Making, spec: PodSpec): KubernetesObject {
  const others = dependenciesOf(making);
  if (others.length > 0)
    throw bad(
      making,
      'depends_on',
      `names ${others.join(' and ')}, but services.${making.name} is run to its end before any service is started`,
      'let it wait for what is outside of this file, or write manifests of your own',
    );
  const labels = labelsOf(making);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: making.name, labels, annotations: HOOKS },
    spec: { backoffLimit: 0, template: { metadata: { labels }, spec: { ...spec, restartPolicy: 'Never' } } },
  };
}

/** Whether another service waits until this one has ended. */
export function isRunOnce({ name }: Making, makings: readonly Making[]): boolean {
  return makings.some(({ said: { depends_on: others } }) => {
    if (others === undefined || Array.isArray(others)) return false;
    return others[name]?.condition === COMPLETED;
  });
}

function tellDependencies(making: Making, makings: readonly Making[]): void {
  const started = dependenciesOf(making).filter((other) => {
    const dependency = makings.find(({ name }) => name === other);
    if (dependency !== undefined) return !isRunOnce(dependency, makings);
    if (making.composed.services.has(other)) return false;
    throw bad(making, 'depends_on', `names ${other}, which is no service`);
  });
  if (started.length > 0)
    notice(
      making,
      'depends_on',
      `${started.join(', ')}: all start together, and what is not there yet has to be tried again`,
    );
}

function dependenciesOf({ said: { depends_on: others = [] } }: Making): string[] {
  return Array.isArray(others) ? others : Object.keys(others);
}
