import type { App } from '../app/types.ts';

/**
 * Seconds that a pod goes on serving after it was told to go, before its program hears of it: until then it may get
 * new requests, because proxies and load balancers learn of it later than the kubelet does. The kubelet's own `sleep`
 * is the only way that works without a shell in the image. It came with Kubernetes 1.30 (KEP-3960), and every version
 * that EKS supports has it; where a cluster is older, lib/rollout leaves it out, and the program has to do the same.
 */
const DRAIN_SECONDS = { ClusterIP: 5, NodePort: 5, LoadBalancer: 20 };

// A probe a second, because a rollout goes no faster than its probes; five failures in a row before a pod that
// served is taken out, so that one slow answer is not an outage.
const PROBE = { periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 5, successThreshold: 1 };

/** The name of an app's port, by which the Service finds it: the number may change from release to release. */
export const PORT_NAME = 'http';

/** `spec` of an app's Deployment. Old pods go only when as many new ones serve (`maxUnavailable: 0`). */
export function deploymentSpec(app: App, image: string, labels: Record<string, string>) {
  return {
    replicas: app.replicas,
    revisionHistoryLimit: 3,
    progressDeadlineSeconds: app.patience,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
    // Only what the program sees: a release that changes nothing in here restarts nothing.
    template: { metadata: { labels }, spec: podSpec(app, image) },
  };
}

function podSpec(app: App, image: string) {
  return {
    serviceAccountName: app.name,
    // A cluster may have nodes of several kinds; on another one the program would not even start.
    ...(app.architecture !== undefined && { nodeSelector: { 'kubernetes.io/arch': app.architecture } }),
    automountServiceAccountToken: false,
    // Variables of other services (`WEB_PORT=tcp://…`) are a relic that breaks programs which read such names.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: DRAIN_SECONDS[app.service] + app.terminationGracePeriod,
    securityContext: {
      seccompProfile: { type: 'RuntimeDefault' },
      ...(app.runAs !== undefined && { runAsNonRoot: true }),
    },
    containers: [container(app, image)],
  };
}

function container(app: App, image: string) {
  return {
    name: app.name,
    image,
    ...(app.command && { command: app.command }),
    ...(app.args && { args: app.args }),
    env: environmentVariables(app),
    ports: [{ name: PORT_NAME, containerPort: app.port, protocol: 'TCP' }],
    resources: resources(app),
    readinessProbe: { ...probe(app), ...PROBE },
    lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS[app.service] } } },
    securityContext: securityContext(app),
  };
}

function environmentVariables({ env, port }: App) {
  const names = Object.keys(env).sort();
  return [{ name: 'PORT', value: String(port) }, ...names.map((name) => ({ name, value: env[name] }))];
}

function resources({ resources: { requests, limits } }: App) {
  return {
    ...(Object.keys(requests).length > 0 && { requests }),
    ...(Object.keys(limits).length > 0 && { limits }),
  };
}

function probe({ health }: App) {
  return health.by === 'http'
    ? { httpGet: { path: health.path, port: PORT_NAME, scheme: 'HTTP' } }
    : { tcpSocket: { port: PORT_NAME } };
}

// Pod Security Standards, "Restricted", but for `runAsNonRoot` where the image runs as root: an image from an
// ordinary Dockerfile does, and refusing it would refuse nearly every first push.
function securityContext({ capabilities, port }: App) {
  const added = new Set(capabilities);
  if (port < 1024) added.add('NET_BIND_SERVICE');
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], ...(added.size > 0 && { add: [...added].sort() }) },
  };
}
