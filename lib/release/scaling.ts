import type { Process, Scale } from '../app/types.ts';
import { type Context, metadataOf } from './context.ts';
import { PROCESS, processLabels } from './labels.ts';
import { processName } from './names.ts';
import type { KubernetesObject } from './types.ts';

/** Has the cluster choose the number of pods of the Deployment `target`. */
export function autoscaler(
  context: Context,
  process: Process,
  scale: Scale,
  target: string,
): KubernetesObject {
  const amounts = { cpu: scale.cpu, memory: scale.memory };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(context, processName(context.app.name, process.name), {
      labels: { [PROCESS]: process.name },
    }),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      minReplicas: scale.min,
      maxReplicas: scale.max,
      metrics: Object.entries(amounts).flatMap(([name, averageUtilization]) =>
        averageUtilization === undefined
          ? []
          : [{ type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } }],
      ),
    },
  };
}

/** Draining nodes takes one pod of a process at a time, of whatever track. */
export function disruptionBudget(context: Context, { name }: Process): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(context, processName(context.app.name, name), { labels: { [PROCESS]: name } }),
    spec: { maxUnavailable: 1, selector: { matchLabels: processLabels(context.ids, name) } },
  };
}
