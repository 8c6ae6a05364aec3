import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import type { Answer, Call } from '../http/call.ts';
import { isTrue, type Target } from '../http/target.ts';
import { type Json, structs } from '../strategy/json.ts';
import { type Context, find, type LogOptions } from './context.ts';

/** The output of a container as text. Source: kubernetes `core/v1.PodLogOptions`. */
export async function podLog({ store, logs }: Context, target: Target, call: Call): Promise<Answer> {
  const pod = find(store, target);
  const container = containerOf(pod, call.query.get('container'));
  const options = optionsOf(call);
  refuseWaiting(pod, container, options);
  const stream = await begun(logs(pod, container, options));
  return { status: 200, headers: { 'content-type': 'text/plain' }, stream };
}

/** The stream once it has begun: what fails before its first byte is answered with a Status. */
async function begun(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = stream[Symbol.asyncIterator]();
  const first = await chunks.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  })();
}

function containerOf(pod: KubernetesObject, wanted: string | null): string {
  const { name } = pod.metadata;
  const all = ['containers', 'initContainers'].flatMap((list) =>
    structs(pod.spec as Json, list).map((each) => String(each.name)),
  );
  if (wanted !== null && wanted !== '') {
    if (all.includes(wanted)) return wanted;
    throw new StatusError('BadRequest', `container ${wanted} is not valid for pod ${name}`);
  }
  const [first, ...others] = all;
  if (first !== undefined && others.length === 0) return first;
  throw new StatusError(
    'BadRequest',
    `a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`,
  );
}

/** The kubelet's words for a container that has not run yet. */
function refuseWaiting(pod: KubernetesObject, container: string, { previous }: LogOptions): void {
  const { name } = pod.metadata;
  const all = ['containerStatuses', 'initContainerStatuses'].flatMap((list) =>
    structs(pod.status as Json | undefined, list),
  );
  const status = all.find((each) => each.name === container);
  const { waiting } = (status?.state ?? {}) as { waiting?: { reason?: string } };
  const hasRun = (status?.lastState as Json | undefined)?.terminated !== undefined;
  if (previous && !hasRun)
    throw new StatusError(
      'BadRequest',
      `previous terminated container "${container}" in pod "${name}" not found`,
    );
  if (!previous && waiting && !hasRun)
    throw new StatusError(
      'BadRequest',
      `container "${container}" in pod "${name}" is waiting to start: ${waiting.reason ?? 'ContainerCreating'}`,
    );
}

function optionsOf({ query, signal }: Call): LogOptions {
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null || text === '') return {};
    if (!/^\d+$/.test(text))
      throw new StatusError('BadRequest', `${name}: Invalid value: ${text}: must be a number`);
    return { [name]: Number(text) };
  };
  const sinceTime = query.get('sinceTime');
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...number('tailLines'),
    ...number('sinceSeconds'),
    ...number('limitBytes'),
    ...(sinceTime !== null && sinceTime !== '' && { sinceTime }),
    signal,
  };
}
