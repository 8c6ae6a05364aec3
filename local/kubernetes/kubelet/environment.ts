import { downwardField, type PodFacts, resourceField } from './downward.ts';
import type { ConfigMap, Container, EnvFromSource, EnvVar, KeyReference, Secret } from './types.ts';

/** What a container cannot be made of; kubelet calls it CreateContainerConfigError. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/** Reads objects of the pod's namespace. */
export interface Lookup {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/**
 * The container's environment: the image's, then `envFrom`, then `env`, where later ones win and `$(NAME)` stands for
 * what was defined before. Source: kubelet `makeEnvironmentVariables`.
 * @throws ConfigError for references to what is not there
 */
export function environmentOf(
  container: Container,
  imageEnv: readonly string[],
  facts: PodFacts,
  lookup: Lookup,
): Map<string, string> {
  const own = new Map<string, string>();
  for (const source of container.envFrom ?? [])
    for (const [key, value] of importAll(source, lookup)) own.set(key, value);
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, own, container, facts, lookup);
    if (value !== undefined) own.set(variable.name, value);
  }
  const all = new Map<string, string>([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOSTNAME', facts.pod.spec.hostname ?? facts.pod.metadata.name],
  ]);
  for (const text of imageEnv) {
    const equals = text.indexOf('=');
    all.set(text.slice(0, equals), text.slice(equals + 1));
  }
  for (const [key, value] of own) all.set(key, value);
  return all;
}

/** Replaces `$(NAME)` by the variable's value; `$$(NAME)` stays `$(NAME)`, and what is unknown stays as it is. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^()$]*)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? match),
  );
}

function variableValue(
  { value, valueFrom }: EnvVar,
  defined: ReadonlyMap<string, string>,
  container: Container,
  facts: PodFacts,
  lookup: Lookup,
): string | undefined {
  if (valueFrom?.fieldRef) return downwardField(facts, valueFrom.fieldRef.fieldPath);
  if (valueFrom?.resourceFieldRef) return resourceField(facts, container, valueFrom.resourceFieldRef);
  const { namespace = 'default' } = facts.pod.metadata;
  if (valueFrom?.configMapKeyRef) {
    const configMap = lookup.configMap(valueFrom.configMapKeyRef.name);
    return keyOf('ConfigMap', namespace, valueFrom.configMapKeyRef, configMap);
  }
  if (valueFrom?.secretKeyRef) {
    const secret = lookup.secret(valueFrom.secretKeyRef.name);
    const encoded = keyOf('Secret', namespace, valueFrom.secretKeyRef, secret);
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
  }
  return expand(value ?? '', defined);
}

function keyOf(
  kind: 'ConfigMap' | 'Secret',
  namespace: string,
  { name, key, optional }: KeyReference,
  object: ConfigMap | Secret | undefined,
): string | undefined {
  const found = object?.data?.[key];
  if (found !== undefined || optional) return found;
  if (!object) throw new ConfigError(`${kind.toLowerCase()} "${name}" not found`);
  throw new ConfigError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function importAll(source: EnvFromSource, lookup: Lookup): [string, string][] {
  const { prefix = '', configMapRef, secretRef } = source;
  const entries: [string, string][] = [];
  if (configMapRef) {
    const found = lookup.configMap(configMapRef.name);
    if (!found && !configMapRef.optional) throw new ConfigError(`configmap "${configMapRef.name}" not found`);
    entries.push(...Object.entries(found?.data ?? {}));
  }
  if (secretRef) {
    const found = lookup.secret(secretRef.name);
    if (!found && !secretRef.optional) throw new ConfigError(`secret "${secretRef.name}" not found`);
    for (const [key, value] of Object.entries(found?.data ?? {}))
      entries.push([key, Buffer.from(value, 'base64').toString()]);
  }
  return entries.map(([key, value]) => [`${prefix}${key}`, value]);
}
