import { type FieldErrors, isLabel, isQualifiedName, isServiceName, mustBe } from './field-errors.ts';
import { type Json, strings, structs } from './json.ts';

/** Source: kubernetes `pkg/apis/core/validation/validation.go`, `ValidatePodSpec`. */
export function validatePodSpec(spec: Json | undefined, path: string, errors: FieldErrors): void {
  const containers = structs(spec, 'containers');
  if (containers.length === 0) errors.required(`${path}.containers`);
  const names = new Set<unknown>();
  const volumes = validateVolumes(structs(spec, 'volumes'), `${path}.volumes`, errors);
  for (const list of ['containers', 'initContainers']) {
    for (const [index, container] of structs(spec, list).entries()) {
      const at = `${path}.${list}[${index}]`;
      if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name);
      names.add(container.name);
      validateContainer(container, at, volumes, errors);
    }
  }
  const policies = ['Always', 'OnFailure', 'Never'];
  if (!policies.includes(String(spec?.restartPolicy)))
    errors.notSupported(`${path}.restartPolicy`, spec?.restartPolicy, policies);
}

function validateVolumes(volumes: readonly Json[], path: string, errors: FieldErrors): Set<unknown> {
  const names = new Set<unknown>();
  for (const [index, { name = '' }] of volumes.entries()) {
    if (name === '') errors.required(`${path}[${index}].name`);
    else if (!isLabel(String(name))) errors.invalid(`${path}[${index}].name`, name, mustBe.label);
    if (names.has(name)) errors.duplicate(`${path}[${index}].name`, name);
    names.add(name);
  }
  return names;
}

function validateContainer(
  container: Json,
  path: string,
  volumes: ReadonlySet<unknown>,
  errors: FieldErrors,
): void {
  const { name = '', image = '' } = container as { name?: string; image?: string };
  if (name === '') errors.required(`${path}.name`);
  else if (!isLabel(name)) errors.invalid(`${path}.name`, name, mustBe.label);
  if (image === '') errors.required(`${path}.image`);
  else if (image !== image.trim())
    errors.invalid(`${path}.image`, image, 'must not have leading or trailing whitespace');
  validatePorts(structs(container, 'ports'), `${path}.ports`, errors);
  for (const [index, variable] of structs(container, 'env').entries()) {
    const key = String(variable.name ?? '');
    if (key === '') errors.required(`${path}.env[${index}].name`);
    const source = strings(variable, 'valueFrom');
    if (variable.value !== undefined && Object.keys(source).length > 0)
      errors.invalid(`${path}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty');
  }
  for (const [index, mount] of structs(container, 'volumeMounts').entries()) {
    if (!mount.mountPath) errors.required(`${path}.volumeMounts[${index}].mountPath`);
    if (!volumes.has(mount.name))
      errors.causes.push(notFound(`${path}.volumeMounts[${index}].name`, mount.name));
  }
  const policies = ['Always', 'IfNotPresent', 'Never'];
  const { imagePullPolicy } = container;
  if (!policies.includes(String(imagePullPolicy)))
    errors.notSupported(`${path}.imagePullPolicy`, imagePullPolicy, policies);
  validateResources(container, `${path}.resources`, errors);
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (container[probe] !== undefined)
      validateProbe(container[probe] as Json, probe, `${path}.${probe}`, errors);
}

function notFound(field: string, value: unknown) {
  return { reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(value)}`, field };
}

function validatePorts(ports: readonly Json[], path: string, errors: FieldErrors): void {
  const names = new Set<unknown>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    if (port.containerPort === undefined) errors.required(`${at}.containerPort`);
    else validatePort(port.containerPort, `${at}.containerPort`, errors);
    const protocols = ['TCP', 'UDP', 'SCTP'];
    if (!protocols.includes(String(port.protocol)))
      errors.notSupported(`${at}.protocol`, port.protocol, protocols);
    if (port.name === undefined) continue;
    if (!isServiceName(String(port.name)) || String(port.name).length > 15)
      errors.invalid(
        `${at}.name`,
        port.name,
        'must be no more than 15 characters of lower case letters, digits and -',
      );
    if (names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
    names.add(port.name);
  }
}

/** A port number, or the name of a container's port. */
export function validatePort(port: unknown, path: string, errors: FieldErrors): void {
  const isValid =
    typeof port === 'number' ? port >= 1 && port <= 65_535 : typeof port === 'string' && isServiceName(port);
  if (!isValid) errors.invalid(path, port, 'must be between 1 and 65535, inclusive');
}

function validateResources(container: Json, path: string, errors: FieldErrors): void {
  const resources = container.resources as { limits?: Json; requests?: Json } | undefined;
  for (const list of ['limits', 'requests'] as const)
    for (const [name, quantity] of Object.entries(resources?.[list] ?? {})) {
      if (!isQualifiedName(name)) errors.invalid(`${path}.${list}`, name, mustBe.qualifiedName);
      if (String(quantity).startsWith('-'))
        errors.invalid(`${path}.${list}[${name}]`, quantity, 'must be greater than or equal to 0');
    }
}

function validateProbe(probe: Json, name: string, path: string, errors: FieldErrors): void {
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((each) => probe[each] !== undefined);
  if (handlers.length === 0) errors.required(path, 'must specify a handler type');
  for (const extra of handlers.slice(1))
    errors.forbidden(`${path}.${extra}`, 'may not specify more than 1 handler type');
  for (const handler of ['httpGet', 'tcpSocket'])
    if (probe[handler] !== undefined)
      validatePort((probe[handler] as Json).port, `${path}.${handler}.port`, errors);
  if (name !== 'readinessProbe' && probe.successThreshold !== 1)
    errors.invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1');
}
