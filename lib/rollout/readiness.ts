import type { Pod } from '../kube/wire.ts';
import { containersOf } from './containers.ts';
import { lastWords } from './last-words.ts';
import type { Finding } from './verdict.ts';
import { type Facts, isReady, logKey, warningsOf } from './view.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];
type Probe = NonNullable<Container['readinessProbe']>;

/** A pod that runs and does not become ready: what its probe gets to see. */
export function readinessFinding(facts: Facts, pod: Pod): Finding | undefined {
  const running = containersOf(pod).find(({ ready, state }) => !ready && state?.running);
  if (isReady(pod) || running === undefined) return undefined;
  const evidence = {
    namespace: pod.metadata?.namespace ?? '',
    pod: pod.metadata?.name ?? '',
    container: running.name,
    run: 'current' as const,
  };
  const words = lastWords(facts.logs.get(logKey(evidence)) ?? []);
  const said = words === undefined ? '' : `; its log ends: ${words}`;
  const failed = warningsOf(facts, pod.metadata?.uid)
    .filter(({ reason }) => reason === 'Unhealthy')
    .findLast(({ involvedObject }) => tellsOf(involvedObject?.fieldPath, running.name));
  const reason = `${probed(pod, running.name, failed?.message ?? '')}${said}`;
  return { weight: 'bearable', reason, evidence };
}

/** Events name the container that they are about: `spec.containers{web}`. */
function tellsOf(fieldPath: string | undefined, container: string): boolean {
  return fieldPath === undefined || fieldPath.includes(`{${container}}`);
}

// The messages are those of the kubelet's probes (kubernetes, pkg/probe/tcp and pkg/probe/http).
function probed(pod: Pod, name: string, message: string): string {
  const { spec } = pod;
  const container = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
    (one) => one.name === name,
  );
  const isStarting = message.startsWith('Startup');
  const probe =
    (isStarting ? container?.startupProbe : undefined) ??
    container?.readinessProbe ??
    container?.startupProbe;
  const { port, request } = askedOf(container, probe);
  const status = /statuscode: (\d+)/.exec(message)?.[1];
  if (/connection refused/.test(message) && port !== undefined)
    return `nothing listens on port ${port} of container ${name} (connection refused): it has to listen there on all interfaces, not only on localhost`;
  if (status !== undefined)
    return `container ${name} does not become ready: ${request} answers ${status}, and has to answer 200 to 399`;
  if (/timeout|deadline exceeded/i.test(message))
    return `container ${name} does not become ready: ${request} does not answer in time`;
  if (message !== '') return `container ${name} does not become ready: ${message.trim().split('\n')[0]}`;
  return `container ${name} does not become ready (${request})`;
}

/** What a probe asks, for people: `GET /healthz on port 8080`. */
function askedOf(container: Container | undefined, probe: Probe | undefined) {
  const { httpGet, tcpSocket, exec } = probe ?? {};
  if (exec !== undefined) return { port: undefined, request: (exec.command ?? []).join(' ') };
  const named = httpGet?.port ?? tcpSocket?.port;
  const port = container?.ports?.find(({ name }) => name === named)?.containerPort ?? named;
  if (port === undefined) return { port, request: 'its readiness' };
  const on = `port ${port}`;
  return { port, request: httpGet === undefined ? on : `GET ${httpGet.path ?? '/'} on ${on}` };
}
