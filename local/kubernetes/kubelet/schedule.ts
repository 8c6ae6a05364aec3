import { parseQuantity } from '../quantity.ts';
import type { NodeObject } from './node.ts';
import type { Pod } from './types.ts';

/** `message` as kube-scheduler words it. */
export type Placement = { do: 'bind' } | { do: 'wait'; message: string };

/**
 * Decides whether the one node takes the pod: its labels and what it has left for requests.
 * @param others the pods on the node
 */
export function planPlacement(pod: Pod, node: NodeObject, others: readonly Pod[]): Placement {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value))
    return wait("1 node(s) didn't match Pod's node affinity/selector");
  const running = others.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  const { allocatable } = node.status;
  const short = ['cpu', 'memory'].filter((name) => {
    const used = running.reduce((sum, each) => sum + requested(each, name), 0);
    const request = requested(pod, name);
    return request > 0 && used + request > parseQuantity(allocatable[name]);
  });
  if (running.length + 1 > parseQuantity(allocatable.pods)) return wait('1 Too many pods');
  return short.length === 0 ? { do: 'bind' } : wait(short.map((name) => `1 Insufficient ${name}`).join(', '));
}

function wait(why: string): Placement {
  return { do: 'wait', message: `0/1 nodes are available: ${why}.` };
}

/** The sum over the containers, or one init container's request if that is more. */
function requested({ spec }: Pod, resource: string): number {
  const of = ({ resources }: Pod['spec']['containers'][number]) =>
    parseQuantity(resources?.requests?.[resource] ?? resources?.limits?.[resource]);
  const together = spec.containers.reduce((sum, container) => sum + of(container), 0);
  return Math.max(together, ...(spec.initContainers ?? []).map(of));
}
