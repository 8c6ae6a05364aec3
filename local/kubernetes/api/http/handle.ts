import { StatusError } from '../../status-error.ts';
import { type Attempt, isAllowed, refusal } from '../auth/rbac.ts';
import { type Authenticate, anonymous } from '../auth/user.ts';
import { describeApi, openPaths } from '../discovery/routes.ts';
import { qualifiedName } from '../kinds.ts';
import type { Context } from '../resources/context.ts';
import { remove, removeAll } from '../resources/delete.ts';
import { podLog } from '../resources/logs.ts';
import { patch } from '../resources/patch.ts';
import { get, list } from '../resources/read.ts';
import { review } from '../resources/reviews.ts';
import { getScale, setScale } from '../resources/scale.ts';
import { watch } from '../resources/watch.ts';
import { create, replace } from '../resources/write.ts';
import type { Answer, Call } from './call.ts';
import { type Target, targetOf, type Verb, verbOf } from './target.ts';

export interface Service extends Context {
  authenticate: Authenticate;
}

/**
 * Answers one request of somebody who is known by now.
 * @throws StatusError what the client is told instead
 */
export async function handle(service: Service, call: Call): Promise<Answer> {
  refuseStreams(call.path);
  const target = targetOf(call.path);
  if (!target) return aboutApi(service, call);
  const verb = verbOf(call.method, target, call.query);
  if (verb === undefined) throw notAllowed();
  authorize(service, call, attemptOn(target, verb));
  return answerVerb(service, target, verb, call);
}

function aboutApi({ store }: Service, call: Call): Answer {
  const isOpen = openPaths.some((path) => call.path === path || call.path.startsWith(`${path}/`));
  if (!isOpen) authorize({ store }, call, { verb: call.method.toLowerCase(), path: call.path });
  const answer = describeApi(call);
  if (!answer) throw new StatusError('NotFound', 'the server could not find the requested resource');
  return answer;
}

function attemptOn({ kind, namespace, name, subresource }: Target, verb: Verb): Attempt {
  const ownNamespace = kind.kind === 'Namespace' ? name : undefined;
  return {
    verb,
    group: kind.group,
    resource: kind.plural,
    ...(subresource !== undefined && { subresource }),
    // A namespace is in itself, so that a RoleBinding in it can be about it.
    ...((namespace ?? ownNamespace) !== undefined && { namespace: namespace ?? ownNamespace }),
    ...(name !== undefined && { name }),
  };
}

/** @throws StatusError 401 Unauthorized for strangers, 403 Forbidden for those without the right */
function authorize({ store }: Pick<Service, 'store'>, { user }: Call, attempt: Attempt): void {
  if (user === anonymous) throw new StatusError('Unauthorized', 'Unauthorized');
  if (isAllowed(store, user, attempt)) return;
  if ('path' in attempt) throw new StatusError('Forbidden', `forbidden: ${refusal(user, attempt)}`);
  const { group, resource: plural, name } = attempt;
  const title =
    name === undefined ? qualifiedName({ plural, group }) : `${qualifiedName({ plural, group })} "${name}"`;
  throw new StatusError('Forbidden', `${title} is forbidden: ${refusal(user, attempt)}`, {
    ...(name !== undefined && { name }),
    ...(group !== '' && { group }),
    kind: plural,
  });
}

async function answerVerb(service: Service, target: Target, verb: Verb, call: Call): Promise<Answer> {
  const { kind, subresource } = target;
  if (!kind.stored) {
    if (verb !== 'create') throw notAllowed();
    return review(service, target, call, service.authenticate);
  }
  if (subresource !== undefined && !kind.subresources.some((each) => each === subresource))
    throw new StatusError('NotFound', 'the server could not find the requested resource');
  if (subresource === 'log' && verb === 'get') return podLog(service, target, call);
  if (subresource === 'scale')
    return verb === 'get' ? getScale(service, target) : setScale(service, target, call);
  return answerResource(service, target, verb, call);
}

async function answerResource(service: Service, target: Target, verb: Verb, call: Call): Promise<Answer> {
  const needsName = verb === 'update' || verb === 'patch';
  if (needsName !== (target.name !== undefined) && (needsName || verb === 'create')) throw notAllowed();
  switch (verb) {
    case 'get':
      return get(service, target, call);
    case 'list':
      return list(service, target, call);
    case 'watch':
      return watch(service, target, call);
    case 'create':
      return create(service, target, call);
    case 'update':
      return replace(service, target, call);
    case 'patch':
      return patch(service, target, call);
    case 'delete':
      return remove(service, target, call);
    case 'deletecollection':
      return removeAll(service, target, call);
  }
}

function notAllowed(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}

/** What would need a connection into a pod; its processes are on this machine anyway. */
function refuseStreams(path: string): void {
  const [, what] =
    /^\/api\/v1\/namespaces\/[^/]+\/(?:pods|services)\/[^/]+\/(exec|attach|portforward|proxy)(?:\/|$)/.exec(
      path,
    ) ?? [];
  if (what === undefined) return;
  throw new StatusError(
    'MethodNotAllowed',
    `${what} is not offered by this stand-in cluster: its pods are processes of this machine, and its services answer on loopback ports`,
  );
}
