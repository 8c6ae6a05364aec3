import type { App, Probe, Process } from '../app/types.ts';
import { type Context, metadataOf } from './context.ts';
import { PROCESS, processLabels, TRACK } from './labels.ts';
import { containerFields, containerSecurity, PORT_NAME, podFields } from './pod.ts';
import type { KubernetesObject, Track } from './types.ts';

/**
 * Seconds that a pod goes on serving after it was told to go, before its program hears of it: until then it may get
 * new requests, because proxies and load balancers learn of it later than the kubelet does. The kubelet's own `sleep`
 * is the only way that works without a shell in the image. It came with Kubernetes 1.30 (KEP-3960), and every version
 * that EKS supports has it; where a cluster is older, lib/rollout leaves it out, and the program has to do the same.
 */
const DRAIN_SECONDS = { inside: 5, loadBalancer: 20 };

// A probe a second, because a rollout goes no faster than its probes; five failures in a row before a pod that
// served is taken out, so that one slow answer is not an outage.
const READINESS = { periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 5, successThreshold: 1 };
// A minute of failures: a restart is the last resort, and a program that ends is restarted without it.
const LIVENESS = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6, successThreshold: 1 };
// Until it has succeeded once, liveness is not asked: however long the start takes, up to the patience of a rollout.
const STARTUP = { periodSeconds: 1, timeoutSeconds: 5, successThreshold: 1 };

/** Nobody asks it whether it is ready: without this it would count as live as soon as it begins, before it can crash. */
const SETTLED_SECONDS = 3;

/** The Deployment of a process. Old pods go only when as many new ones serve (`maxUnavailable: 0`). */
export function deployment(
  context: Context,
  process: Process,
  { name, track }: { name: string; track: Track },
): KubernetesObject {
  const { app, ids } = context;
  const labels = processLabels(ids, process.name, track);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(context, name, { labels: { [PROCESS]: process.name, [TRACK]: track } }),
    spec: {
      // Where it is scaled, the least: without it a Deployment that was not scaled before would fall to one pod. What an
      // autoscaler has set since stays (lib/release/counts.ts).
      replicas: process.replicas,
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: app.patience,
      ...(process.health.by === 'none' && { minReadySeconds: SETTLED_SECONDS }),
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      // Only what the program sees: a release that changes nothing in here restarts nothing.
      template: { metadata: { labels }, spec: podSpec(context, process, labels) },
    },
  };
}

function podSpec(context: Context, process: Process, labels: Record<string, string>) {
  const drain = drainSeconds(context.app, process);
  return {
    ...podFields(context),
    terminationGracePeriodSeconds: drain + process.terminationGracePeriod,
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        // A pod in the wrong place is better than none.
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labels },
      }),
    ),
    containers: [container(context, process, drain)],
  };
}

function container(context: Context, process: Process, drain: number) {
  const { app } = context;
  const { name, port, health, liveness } = process;
  return {
    ...containerFields(context, name === 'web' ? app.name : name, process, port),
    ...(port !== undefined && { ports: [{ name: PORT_NAME, containerPort: port, protocol: 'TCP' }] }),
    ...(health.by !== 'none' && { readinessProbe: { ...action(health), ...READINESS } }),
    ...(liveness.by !== 'none' && {
      startupProbe: { ...action(liveness), ...STARTUP, failureThreshold: app.patience },
      livenessProbe: { ...action(liveness), ...LIVENESS },
    }),
    ...(drain > 0 && { lifecycle: { preStop: { sleep: { seconds: drain } } } }),
    ...containerSecurity(app, process),
  };
}

/** A process without a port gets no requests that it could miss. */
function drainSeconds({ ingress }: App, { name, port, service }: Process): number {
  if (port === undefined) return 0;
  const isBehind = service.type === 'LoadBalancer' || (name === 'web' && ingress !== undefined);
  return isBehind ? DRAIN_SECONDS.loadBalancer : DRAIN_SECONDS.inside;
}

function action(probe: Exclude<Probe, { by: 'none' }>) {
  switch (probe.by) {
    case 'http':
      return { httpGet: { path: probe.path, port: PORT_NAME, scheme: 'HTTP' } };
    case 'command':
      return { exec: { command: probe.command } };
    case 'tcp':
      return { tcpSocket: { port: PORT_NAME } };
  }
}
