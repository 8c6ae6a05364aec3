import { type Draft, type Json, setDefaults, strings, struct, structs } from './json.ts';

/** Defaults that templates and pods share. Source: kubernetes `pkg/apis/core/v1/defaults.go`. */
export function defaultPodSpec(spec: Json): void {
  setDefaults(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  for (const container of [...structs(spec, 'containers'), ...structs(spec, 'initContainers')])
    defaultContainer(container);
  for (const volume of structs(spec, 'volumes')) defaultVolume(volume);
  // Clients of old and new name the same thing.
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  if (account !== undefined) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
}

/** Defaults of a pod itself. */
export function defaultPod(pod: Draft): void {
  const spec = struct(pod, 'spec');
  defaultPodSpec(spec);
  setDefaults(spec, { enableServiceLinks: true });
  for (const container of structs(spec, 'containers')) {
    const { limits, requests } = struct(container, 'resources');
    if (limits !== undefined)
      struct(container, 'resources').requests = { ...(limits as Json), ...(requests as Json) };
  }
}

/** What admission adds to a pod; nobody owns it. Source: kubernetes `plugin/pkg/admission`. */
export function admitPod(pod: Draft): void {
  const spec = struct(pod, 'spec');
  setDefaults(spec, { serviceAccountName: 'default', preemptionPolicy: 'PreemptLowerPriority', priority: 0 });
  spec.serviceAccount = spec.serviceAccountName;
  const tolerations = structs(spec, 'tolerations');
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
    .filter((key) => !tolerations.some((each) => each.key === key || each.key === undefined))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));
  spec.tolerations = [...tolerations, ...added];
}

function defaultContainer(container: Json): void {
  setDefaults(container, {
    imagePullPolicy: isMovingTag(String(container.image ?? '')) ? 'Always' : 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  for (const port of structs(container, 'ports')) setDefaults(port, { protocol: 'TCP' });
  for (const variable of structs(container, 'env')) {
    const { fieldRef } = strings(variable, 'valueFrom') as Json;
    if (fieldRef !== undefined) setDefaults(fieldRef as Json, { apiVersion: 'v1' });
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (container[name] !== undefined) defaultProbe(container[name] as Json);
}

function isMovingTag(image: string): boolean {
  if (image.includes('@')) return false;
  const [, tag = 'latest'] = /:([^/:]+)$/.exec(image) ?? [];
  return tag === 'latest';
}

function defaultProbe(probe: Json): void {
  setDefaults(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  if (probe.httpGet !== undefined) setDefaults(probe.httpGet as Json, { path: '/', scheme: 'HTTP' });
  if (probe.grpc !== undefined) setDefaults(probe.grpc as Json, { service: '' });
}

function defaultVolume(volume: Json): void {
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
  for (const name of ['secret', 'configMap', 'projected', 'downwardAPI'])
    if (volume[name] !== undefined) setDefaults(volume[name] as Json, { defaultMode: 0o644 });
}

/** Source: kubernetes `pkg/apis/core/v1/helper/qos/qos.go`. */
export function qosClass(spec: Json): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...structs(spec, 'containers'), ...structs(spec, 'initContainers')];
  const resources = containers.map(
    (container) => (container.resources ?? {}) as { requests?: Json; limits?: Json },
  );
  const isEmpty = (list: Json | undefined) => list === undefined || Object.keys(list).length === 0;
  if (resources.every(({ requests, limits }) => isEmpty(requests) && isEmpty(limits))) return 'BestEffort';
  const isFixed = resources.every(({ requests, limits }) =>
    ['cpu', 'memory'].every(
      (name) => limits?.[name] !== undefined && (requests?.[name] ?? limits[name]) === limits[name],
    ),
  );
  return isFixed ? 'Guaranteed' : 'Burstable';
}
