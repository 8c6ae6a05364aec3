import { type Draft, type Json, setDefaults, strings, struct, structs } from './json.ts';
import { defaultPod, defaultPodSpec } from './pod-defaults.ts';

type Defaulter = (object: Draft) => void;

/** What the API server fills in when it decodes an object. Source: kubernetes `pkg/apis/GROUP/VERSION/defaults.go`. */
const defaulters: Record<string, Defaulter> = {
  Pod: defaultPod,
  Deployment: (object) => {
    const spec = defaultTemplate(object, {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    defaultRollingUpdate(struct(spec, 'strategy'), { maxUnavailable: '25%', maxSurge: '25%' });
  },
  ReplicaSet: (object) => {
    const spec = defaultTemplate(object, { replicas: 1 });
    defaultSelector(object, spec);
  },
  StatefulSet: (object) => {
    const spec = defaultTemplate(object, {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
    defaultRollingUpdate(struct(spec, 'updateStrategy'), { partition: 0 });
    for (const claim of structs(spec, 'volumeClaimTemplates')) {
      setDefaults(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } });
      setDefaults(struct(claim, 'spec'), { volumeMode: 'Filesystem' });
    }
  },
  DaemonSet: (object) => {
    const spec = defaultTemplate(object, { revisionHistoryLimit: 10 });
    defaultRollingUpdate(struct(spec, 'updateStrategy'), { maxUnavailable: 1, maxSurge: 0 });
  },
  Job: (object) => defaultJob(struct(object, 'spec')),
  CronJob: (object) => {
    const spec = struct(object, 'spec');
    setDefaults(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    const template = struct(struct(struct(spec, 'jobTemplate'), 'spec'), 'template');
    defaultPodSpec(struct(template, 'spec'));
  },
  Service: defaultService,
  Endpoints: (object) => {
    for (const subset of structs(object, 'subsets'))
      for (const port of structs(subset, 'ports')) setDefaults(port, { protocol: 'TCP' });
  },
  EndpointSlice: (object) => {
    for (const port of structs(object, 'ports')) setDefaults(port, { name: '', protocol: 'TCP' });
  },
  Secret: (object) => {
    setDefaults(object, { type: 'Opaque' });
    // Written as text, kept as data.
    const { stringData } = object;
    if (stringData === undefined) return;
    const encoded = Object.entries(stringData as Json).map(([key, text]) => [
      key,
      Buffer.from(String(text)).toString('base64'),
    ]);
    object.data = { ...(object.data as Json), ...Object.fromEntries(encoded) };
    delete object.stringData;
  },
  Namespace: (object) => {
    object.metadata.labels = {
      'kubernetes.io/metadata.name': object.metadata.name,
      ...object.metadata.labels,
    };
  },
  PersistentVolumeClaim: (object) => setDefaults(struct(object, 'spec'), { volumeMode: 'Filesystem' }),
  HorizontalPodAutoscaler: (object) => setDefaults(struct(object, 'spec'), { minReplicas: 1 }),
  RoleBinding: defaultBinding,
  ClusterRoleBinding: defaultBinding,
};

/** Fills in the defaults of an object in place. */
export function setObjectDefaults(object: Draft): void {
  defaulters[object.kind]?.(object);
}

function defaultTemplate(object: Draft, defaults: Json): Json {
  const spec = struct(object, 'spec');
  setDefaults(spec, defaults);
  if (spec.template !== undefined) defaultPodSpec(struct(spec.template as Json, 'spec'));
  return spec;
}

function defaultRollingUpdate(strategy: Json, defaults: Json): void {
  strategy.type ??= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') setDefaults(struct(strategy, 'rollingUpdate'), defaults);
}

/** A ReplicaSet without labels has those of its template. */
function defaultSelector(object: Draft, spec: Json): void {
  const labels = strings((spec.template as Json | undefined)?.metadata as Json | undefined, 'labels');
  if (object.metadata.labels === undefined && Object.keys(labels).length > 0)
    object.metadata.labels = { ...labels };
}

function defaultJob(spec: Json): void {
  setDefaults(spec, {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  });
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  if (spec.template !== undefined) defaultPodSpec(struct(spec.template as Json, 'spec'));
}

function defaultService(object: Draft): void {
  const spec = struct(object, 'spec');
  setDefaults(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
  for (const port of structs(spec, 'ports')) setDefaults(port, { protocol: 'TCP', targetPort: port.port });
  if (spec.type === 'ExternalName') return;
  setDefaults(spec, {
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  });
  if (spec.type === 'ClusterIP') return;
  setDefaults(spec, { externalTrafficPolicy: 'Cluster' });
  if (spec.type === 'LoadBalancer') setDefaults(spec, { allocateLoadBalancerNodePorts: true });
}

function defaultBinding(object: Draft): void {
  const rbac = 'rbac.authorization.k8s.io';
  setDefaults(struct(object, 'roleRef'), { apiGroup: rbac });
  for (const subject of structs(object, 'subjects'))
    if (subject.kind !== 'ServiceAccount') setDefaults(subject, { apiGroup: rbac });
}
