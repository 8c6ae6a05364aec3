import type { Pod } from '../kube/wire.ts';
import { lastWords } from './last-words.ts';
import type { Finding } from './verdict.ts';
import { isReady, logKey, type View, warningsOf } from './view.ts';

/** A pod that runs and does not become ready: what its probe gets to see. */
export function readinessFinding(view: View, pod: Pod): Finding | undefined {
  const running = pod.status?.containerStatuses?.find(({ ready, state }) => !ready && state?.running);
  if (isReady(pod) || running === undefined) return undefined;
  const evidence = {
    namespace: pod.metadata?.namespace ?? '',
    pod: pod.metadata?.name ?? '',
    container: running.name,
    run: 'current' as const,
  };
  const words = lastWords(view.logs.get(logKey(evidence)) ?? []);
  const said = words === undefined ? '' : `; its log ends: ${words}`;
  const failed = warningsOf(view, pod.metadata?.uid).findLast(({ reason }) => reason === 'Unhealthy');
  const reason = `${probed(view, running.name, failed?.message ?? '')}${said}`;
  return { weight: 'bearable', reason, evidence };
}

// The messages are those of the kubelet's probes (kubernetes, pkg/probe/tcp and pkg/probe/http).
function probed(view: View, container: string, message: string): string {
  const { port } = view.release;
  const path = healthPath(view);
  const request = path === undefined ? `port ${port}` : `GET ${path} on port ${port}`;
  const status = /statuscode: (\d+)/.exec(message)?.[1];
  if (/connection refused/.test(message))
    return `nothing listens on port ${port} of container ${container} (connection refused): it has to listen there on all interfaces, not only on localhost`;
  if (status !== undefined)
    return `container ${container} does not become ready: ${request} answers ${status}, and has to answer 200 to 399`;
  if (/timeout|deadline exceeded/i.test(message))
    return `container ${container} does not become ready: ${request} does not answer in time`;
  if (message !== '') return `container ${container} does not become ready: ${message.split('\n')[0]}`;
  return `container ${container} does not become ready (${request})`;
}

function healthPath({ deployment }: View): string | undefined {
  return deployment?.spec?.template.spec?.containers[0]?.readinessProbe?.httpGet?.path;
}
