import { sameJson } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import type { Kind } from '../kinds.ts';
import * as names from './field-errors.ts';
import { FieldErrors, mustBe } from './field-errors.ts';
import { validateCronJob, validateJob, validateJobChange } from './job-validation.ts';
import { type Draft, type Json, strings, structs } from './json.ts';
import { validatePodSpec, validatePort } from './pod-validation.ts';

type Validator = (object: Draft, errors: FieldErrors) => void;

const validators: Record<string, Validator> = {
  Pod: (pod, errors) => validatePodSpec(pod.spec, 'spec', errors),
  Deployment: validateWorkload,
  ReplicaSet: validateWorkload,
  StatefulSet: validateWorkload,
  DaemonSet: validateWorkload,
  Job: ({ spec }, errors) => validateJob(spec, 'spec', errors),
  CronJob: validateCronJob,
  Service: validateService,
  RoleBinding: validateBinding,
  ClusterRoleBinding: validateBinding,
  HorizontalPodAutoscaler: ({ spec }, errors) => {
    if (!spec?.scaleTargetRef) errors.required('spec.scaleTargetRef');
    if (!((spec?.maxReplicas as number) > 0))
      errors.invalid('spec.maxReplicas', spec?.maxReplicas ?? 0, 'must be greater than 0');
  },
};

/**
 * Refuses what the API server would refuse, as far as a deployment pipeline can get it wrong.
 * @throws StatusError 422 Invalid with a cause for each field
 */
export function validate(kind: Kind, object: Draft, previous?: Draft): void {
  const errors = new FieldErrors();
  validateMetadata(kind, object, errors);
  validators[kind.kind]?.(object, errors);
  if (previous) validateChange(kind, object, previous, errors);
  const { causes } = errors;
  if (causes.length === 0) return;
  const { name } = object.metadata;
  const list = causes.map(({ field, message }) => `${field}: ${message}`);
  const title = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  throw new StatusError(
    'Invalid',
    `${title} "${name}" is invalid: ${list.length === 1 ? list[0] : `[${list.join(', ')}]`}`,
    {
      name,
      ...(kind.group !== '' && { group: kind.group }),
      kind: kind.kind,
      causes,
    },
  );
}

function validateMetadata(kind: Kind, { metadata }: Draft, errors: FieldErrors): void {
  const { name } = metadata;
  const isRbac = kind.group === 'rbac.authorization.k8s.io';
  if (name === '') errors.required('metadata.name', 'name or generateName is required');
  else if (kind.kind === 'Service' && !names.isServiceName(name))
    errors.invalid('metadata.name', name, mustBe.serviceName);
  else if (kind.kind === 'Namespace' && !names.isLabel(name))
    errors.invalid('metadata.name', name, mustBe.label);
  else if (isRbac ? /[/%]/.test(name) : !names.isSubdomain(name))
    errors.invalid('metadata.name', name, mustBe.subdomain);
  for (const [key, value] of Object.entries(metadata.labels ?? {}))
    validateLabel(key, value, 'metadata.labels', errors);
  for (const key of Object.keys(metadata.annotations ?? {}))
    if (!names.isQualifiedName(key.toLowerCase()))
      errors.invalid('metadata.annotations', key, mustBe.qualifiedName);
}

function validateLabel(key: string, value: unknown, path: string, errors: FieldErrors): void {
  if (!names.isQualifiedName(key)) errors.invalid(path, key, mustBe.qualifiedName);
  if (!names.isLabelValue(String(value))) errors.invalid(path, value, mustBe.labelValue);
}

function validateWorkload({ kind, spec }: Draft, errors: FieldErrors): void {
  const template = spec?.template as Json | undefined;
  const labels = strings(template?.metadata as Json | undefined, 'labels');
  const selector = spec?.selector as Json | undefined;
  if (selector === undefined) errors.required('spec.selector');
  else if (!selects(selector, labels)) {
    if (
      Object.keys(strings(selector, 'matchLabels')).length + structs(selector, 'matchExpressions').length ===
      0
    )
      errors.invalid('spec.selector', selector, `empty selector is invalid for ${kind.toLowerCase()}`);
    else
      errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
  }
  for (const [key, value] of Object.entries(labels))
    validateLabel(key, value, 'spec.template.metadata.labels', errors);
  const { replicas } = (spec ?? {}) as { replicas?: number };
  if (replicas !== undefined && replicas < 0)
    errors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
  validatePodSpec(template?.spec as Json | undefined, 'spec.template.spec', errors);
  const { restartPolicy } = (template?.spec ?? {}) as { restartPolicy?: string };
  if (restartPolicy !== undefined && restartPolicy !== 'Always')
    errors.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']);
  if (kind === 'Deployment') validateStrategy(spec as Json, errors);
}

/** Whether a label selector object (not its text) selects the labels; an empty one selects nothing here. */
function selects(selector: Json, labels: Record<string, string>): boolean {
  const wanted = Object.entries(strings(selector, 'matchLabels'));
  const expressions = structs(selector, 'matchExpressions') as unknown as {
    key: string;
    operator: string;
    values?: string[];
  }[];
  if (wanted.length + expressions.length === 0) return false;
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values = [] }) => {
      const isIn = labels[key] !== undefined && (operator === 'Exists' || values.includes(labels[key]));
      return operator === 'NotIn' || operator === 'DoesNotExist' ? !isIn : isIn;
    })
  );
}

function validateStrategy(spec: Json, errors: FieldErrors): void {
  const strategy = spec.strategy as { type?: string; rollingUpdate?: Json };
  const types = ['Recreate', 'RollingUpdate'];
  if (!types.includes(String(strategy.type))) errors.notSupported('spec.strategy.type', strategy.type, types);
  if (strategy.type === 'Recreate' && strategy.rollingUpdate !== undefined)
    errors.forbidden(
      'spec.strategy.rollingUpdate',
      "may not be specified when strategy `type` is 'Recreate'",
    );
  const { maxSurge, maxUnavailable } = (strategy.rollingUpdate ?? {}) as {
    maxSurge?: number | string;
    maxUnavailable?: number | string;
  };
  const isZero = (value: number | string | undefined) => value === 0 || value === '0%' || value === '0';
  if (strategy.type === 'RollingUpdate' && isZero(maxSurge) && isZero(maxUnavailable))
    errors.invalid(
      'spec.strategy.rollingUpdate.maxUnavailable',
      maxUnavailable,
      'may not be 0 when `maxSurge` is 0',
    );
  const { progressDeadlineSeconds, minReadySeconds = 0 } = spec as {
    progressDeadlineSeconds?: number;
    minReadySeconds?: number;
  };
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds)
    errors.invalid(
      'spec.progressDeadlineSeconds',
      progressDeadlineSeconds,
      'must be greater than minReadySeconds',
    );
}

function validateService({ spec }: Draft, errors: FieldErrors): void {
  const ports = structs(spec, 'ports');
  const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
  if (!types.includes(String(spec?.type))) errors.notSupported('spec.type', spec?.type, types);
  if (ports.length === 0 && spec?.type !== 'ExternalName' && spec?.clusterIP !== 'None')
    errors.required('spec.ports');
  const used = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    validatePort(port.port, `${path}.port`, errors);
    validatePort(port.targetPort, `${path}.targetPort`, errors);
    if (ports.length > 1 && !port.name) errors.required(`${path}.name`);
    const key = `${port.protocol}/${port.port}`;
    if (used.has(key)) errors.duplicate(path, { protocol: port.protocol, port: port.port });
    used.add(key);
  }
}

function validateBinding({ roleRef }: Draft, errors: FieldErrors): void {
  const { kind, name } = (roleRef ?? {}) as { kind?: string; name?: string };
  const kinds = ['Role', 'ClusterRole'];
  if (!kinds.includes(kind ?? '')) errors.notSupported('roleRef.kind', kind ?? '', kinds);
  if (!name) errors.required('roleRef.name');
}

function validateChange(kind: Kind, object: Draft, previous: Draft, errors: FieldErrors): void {
  const immutable = (field: string, before: unknown, after: unknown) => {
    if (!sameJson(before, after)) errors.invalid(field, after, 'field is immutable');
  };
  if (['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'].includes(kind.kind))
    immutable('spec.selector', previous.spec?.selector, object.spec?.selector);
  if (
    kind.kind === 'Service' &&
    previous.spec?.clusterIP !== undefined &&
    object.spec?.type !== 'ExternalName'
  )
    immutable('spec.clusterIPs[0]', previous.spec.clusterIP, object.spec?.clusterIP);
  if (kind.kind === 'RoleBinding' || kind.kind === 'ClusterRoleBinding')
    immutable('roleRef', previous.roleRef, object.roleRef);
  if (kind.kind === 'Secret') immutable('type', previous.type, object.type);
  if ((kind.kind === 'Secret' || kind.kind === 'ConfigMap') && previous.immutable === true)
    immutable('data', previous.data, object.data);
  if (kind.kind === 'Pod') validatePodChange(object, previous, errors);
  if (kind.kind === 'Job') validateJobChange(object, previous, errors);
}

/** Only images, grace and tolerations of a pod may change. */
function validatePodChange(object: Draft, previous: Draft, errors: FieldErrors): void {
  const fixed = (spec: Json | undefined) => ({
    ...spec,
    containers: structs(spec, 'containers').map((container) => ({ ...container, image: '' })),
    initContainers: structs(spec, 'initContainers').map((container) => ({ ...container, image: '' })),
    activeDeadlineSeconds: 0,
    terminationGracePeriodSeconds: 0,
    tolerations: [],
    // Set once, by whoever schedules the pod.
    nodeName: previous.spec?.nodeName === undefined ? '' : spec?.nodeName,
  });
  if (!sameJson(fixed(object.spec), fixed(previous.spec)))
    errors.forbidden(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    );
}
