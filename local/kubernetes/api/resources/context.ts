import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { notFound } from '../../store/errors.ts';
import type { WriteOptions } from '../../store/writes.ts';
import type { Store } from '../../store.ts';
import type { Call } from '../http/call.ts';
import type { Target } from '../http/target.ts';

/** What the kubelet is asked for: the output of a container of a pod. */
export interface LogOptions {
  follow: boolean;
  /** Of the container that ran before the present one. */
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  /** RFC 3339 */
  sinceTime?: string;
  limitBytes?: number;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}

/** Gives the output of a container; may throw a StatusError that tells why there is none. */
export type LogProvider = (
  pod: KubernetesObject,
  container: string,
  options: LogOptions,
) => AsyncIterable<Uint8Array>;

/** What handlers of resources work on. */
export interface Context {
  store: Store;
  logs: LogProvider;
}

/** The addressed object. @throws StatusError 404 NotFound */
export function find(store: Store, { kind, namespace, name = '' }: Target): KubernetesObject {
  const object = store.get(kind.kind, namespace, name);
  if (!object) throw notFound(kind, name);
  return object;
}

/** How a request wants its write done. @throws StatusError 400 BadRequest */
export function writeOptions(
  call: Call,
  { subresource }: Target,
): WriteOptions & { owner: { manager: string } } {
  return {
    ...(subresource !== undefined && {
      subresource: subresource as NonNullable<WriteOptions['subresource']>,
    }),
    dryRun: isDryRun(call),
    owner: { manager: managerOf(call) },
  };
}

/** @throws StatusError 400 BadRequest for anything but `All` */
export function isDryRun({ query }: Call): boolean {
  const value = query.get('dryRun');
  if (value !== null && value !== '' && value !== 'All')
    throw new StatusError(
      'BadRequest',
      `Invalid value: "${value}": dryRun: Unsupported value: "${value}": supported values: "All"`,
    );
  return value === 'All';
}

/** The field manager: as the request says, or the client's name before the slash of its User-Agent. */
function managerOf({ query, headers }: Call): string {
  const given = query.get('fieldManager');
  if (given) return given;
  const [agent = ''] = (headers['user-agent'] ?? '').split('/');
  return agent === '' ? 'unknown' : agent;
}
