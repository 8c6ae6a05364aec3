import { FairleadError } from '../errors.ts';
import { type Context, metadataOf, nameByContent, sorted } from './context.ts';
import { SECRETS_MANAGER, type SecretValue } from './labels.ts';
import type { KubernetesObject } from './types.ts';

/** What all pods of an environment may take together; previews have one. */
export interface Quota {
  /** Processors that are requested: `4`. */
  cpu: string;
  /** Memory that is requested: `8Gi`. */
  memory: string;
  pods: number;
}

/**
 * The environment's namespace. In a preview's no pod may be privileged, nor have to do with its machine (Kubernetes,
 * "Pod Security Standards", baseline): whoever may push a branch is not, by that, whoever may change production.
 */
export function namespaceObject(
  { namespace, metadata }: Context,
  of: 'production' | 'preview',
): KubernetesObject {
  const labels = {
    ...metadata.labels,
    ...(of === 'preview' && { 'pod-security.kubernetes.io/enforce': 'baseline' }),
  };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, ...metadata, labels } };
}

/** Bounds the namespace. Containers that say nothing get requests, without which a quota refuses them. */
export function bounds(context: Context, { cpu, memory, pods }: Quota): KubernetesObject[] {
  const metadata = metadataOf(context, 'fairlead');
  const hard = { pods: String(pods), 'requests.cpu': cpu, 'requests.memory': memory };
  const defaultRequest = { cpu: '100m', memory: '128Mi' };
  return [
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata,
      spec: { limits: [{ type: 'Container', defaultRequest }] },
    },
  ];
}

export function serviceAccount(context: Context): KubernetesObject {
  const { name, serviceAccount } = context.app;
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(context, name, serviceAccount),
    automountServiceAccountToken: false,
  };
}

/** The key of a ConfigMap that each file's text is at, by the file's path. */
export function configKeys(paths: readonly string[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const path of [...paths].sort()) {
    const plain = path
      .slice(1)
      .replace(/[^-._a-zA-Z0-9]/g, '_')
      .slice(-200);
    const taken = new Set(keys.values());
    let key = plain;
    for (let next = 2; taken.has(key); next++) key = `${plain}-${next}`;
    keys.set(path, key);
  }
  return keys;
}

/** The app's files; undefined where it has none. */
export function configMap(context: Context): KubernetesObject | undefined {
  const { name, config } = context.app;
  const keys = configKeys(Object.keys(config));
  if (keys.size === 0) return undefined;
  const data = sorted(Object.fromEntries([...keys].map(([path, key]) => [key, config[path] ?? ''])));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataOf(context, nameByContent(`${name}-config`, data)),
    data,
  };
}

/**
 * The Secret for what is in Secrets Manager, as references only; undefined where nothing is.
 * @throws FairleadError `release/no-secret-version`
 */
export function secret(context: Context): KubernetesObject | undefined {
  const values = secretValues(context);
  if (values.length === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(context, nameByContent(`${context.app.name}-secrets`, values), {
      annotations: { [SECRETS_MANAGER]: JSON.stringify(values) },
    }),
    type: 'Opaque',
  };
}

function secretValues({ app, secretVersions }: Context): SecretValue[] {
  return Object.entries(sorted(app.secrets)).flatMap(([key, reference]) => {
    if (reference.in !== 'secrets-manager') return [];
    const { id, key: jsonKey } = reference;
    const versionId = Object.hasOwn(secretVersions, id) ? secretVersions[id] : undefined;
    if (versionId === undefined) throw noVersion(id, key);
    return [{ key, id, versionId, ...(jsonKey !== undefined && { jsonKey }) }];
  });
}

function noVersion(id: string, variable: string): FairleadError {
  return new FairleadError({
    code: 'release/no-secret-version',
    operation: 'making the release',
    place: `fairlead.yaml: secrets.${variable}`,
    cause: `Secrets Manager has no current version of the secret ${id}, or Fairlead may not look`,
    remedy: `create it, or let the installation use it`,
  });
}
