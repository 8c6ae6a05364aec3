import type { KubernetesObject } from '../../object.ts';
import { type Json, structs } from '../strategy/json.ts';
import { age, humanDuration } from './age.ts';
import { type Column, containerColumns, containersOf, count, parts, selectorText } from './column.ts';

const created: Column = { name: 'Age', value: ({ metadata }) => age(metadata.creationTimestamp) };
const selector: Column = {
  name: 'Selector',
  wide: true,
  value: (object) => selectorText(parts(object).spec.selector as Json),
};
const templated = containerColumns((object) => containersOf(templateSpec(parts(object).spec)));

export const appColumns: Record<string, readonly Column[]> = {
  Deployment: [
    {
      name: 'Ready',
      value: (object) => `${count(parts(object).status.readyReplicas)}/${count(parts(object).spec.replicas)}`,
    },
    number('Up-to-date', ({ status }) => status.updatedReplicas),
    number('Available', ({ status }) => status.availableReplicas),
    created,
    ...templated,
    selector,
  ],
  ReplicaSet: [
    number('Desired', ({ spec }) => spec.replicas),
    number('Current', ({ status }) => status.replicas),
    number('Ready', ({ status }) => status.readyReplicas),
    created,
    ...templated,
    selector,
  ],
  StatefulSet: [
    {
      name: 'Ready',
      value: (object) => `${count(parts(object).status.readyReplicas)}/${count(parts(object).spec.replicas)}`,
    },
    created,
    ...templated,
  ],
  DaemonSet: [
    number('Desired', ({ status }) => status.desiredNumberScheduled),
    number('Current', ({ status }) => status.currentNumberScheduled),
    number('Ready', ({ status }) => status.numberReady),
    number('Up-to-date', ({ status }) => status.updatedNumberScheduled),
    number('Available', ({ status }) => status.numberAvailable),
    {
      name: 'Node Selector',
      value: (object) => selectorText({ matchLabels: templateSpec(parts(object).spec).nodeSelector ?? {} }),
    },
    created,
    ...templated,
    selector,
  ],
  Job: [
    { name: 'Status', value: jobStatus },
    {
      name: 'Completions',
      value: (job) => `${count(parts(job).status.succeeded)}/${parts(job).spec.completions ?? '1'}`,
    },
    { name: 'Duration', value: jobDuration },
    created,
    ...templated,
    selector,
  ],
  CronJob: [
    { name: 'Schedule', value: (object) => parts(object).spec.schedule },
    { name: 'Timezone', value: (object) => parts(object).spec.timeZone ?? '<none>' },
    { name: 'Suspend', value: (object) => (parts(object).spec.suspend ? 'True' : 'False') },
    { name: 'Active', type: 'integer', value: (object) => structs(parts(object).status, 'active').length },
    { name: 'Last Schedule', value: lastSchedule },
    created,
  ],
};

function number(name: string, value: (object: { spec: Json; status: Json }) => unknown): Column {
  return { name, type: 'integer', value: (object) => count(value(parts(object))) };
}

function templateSpec(spec: Json): Json {
  return ((spec.template as Json | undefined)?.spec ?? {}) as Json;
}

function jobStatus(job: KubernetesObject): string {
  const met = structs(parts(job).status, 'conditions').filter(({ status }) => status === 'True');
  const words = new Map([
    ['Complete', 'Complete'],
    ['Failed', 'Failed'],
    ['Suspended', 'Suspended'],
  ]);
  return met.map(({ type }) => words.get(String(type))).find((word) => word !== undefined) ?? 'Running';
}

function jobDuration(job: KubernetesObject): string {
  const { startTime, completionTime } = parts(job).status as { startTime?: string; completionTime?: string };
  if (startTime === undefined) return '';
  return humanDuration((completionTime ? Date.parse(completionTime) : Date.now()) - Date.parse(startTime));
}

function lastSchedule(object: KubernetesObject): string {
  const { lastScheduleTime } = parts(object).status as { lastScheduleTime?: string };
  return lastScheduleTime === undefined ? '<none>' : age(lastScheduleTime);
}
