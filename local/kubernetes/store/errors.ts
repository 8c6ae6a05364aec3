import { type Kind, qualifiedName } from '../api/kinds.ts';
import { StatusError } from '../status-error.ts';

function detailsOf(kind: Kind, name: string) {
  return { name, ...(kind.group !== '' && { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: Kind, name: string): StatusError {
  return new StatusError('NotFound', `${qualifiedName(kind)} "${name}" not found`, detailsOf(kind, name));
}

export function alreadyExists(kind: Kind, name: string): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${qualifiedName(kind)} "${name}" already exists`,
    detailsOf(kind, name),
  );
}

function conflict(kind: Kind, name: string, cause: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(kind)} "${name}": ${cause}`;
  return new StatusError('Conflict', message, detailsOf(kind, name));
}

export function modified(kind: Kind, name: string): StatusError {
  return conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function otherUid(kind: Kind, name: string, wanted: string, actual: string): StatusError {
  return conflict(
    kind,
    name,
    `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`,
  );
}

export function terminatingNamespace(kind: Kind, name: string, namespace: string): StatusError {
  const field = 'metadata.namespace';
  const message = `namespace ${namespace} is being terminated`;
  return new StatusError(
    'Forbidden',
    `${qualifiedName(kind)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    { ...detailsOf(kind, name), causes: [{ reason: 'NamespaceTerminating', message, field }] },
  );
}
