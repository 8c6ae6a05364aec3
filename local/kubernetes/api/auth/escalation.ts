import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import type { Store } from '../../store.ts';
import { type Attempt, isAllowed, type Rule } from './rbac.ts';
import type { User } from './user.ts';

type Rules = { rules?: Rule[] };
type Binding = { roleRef: { kind: string; name: string } };

const group = 'rbac.authorization.k8s.io';

/**
 * Refuses what would give somebody rights that `user` has not, in the namespace that it is about: a role that holds
 * them (without the verb `escalate` on roles), or a binding to one (without the verb `bind` on that role).
 * Source: Kubernetes "Using RBAC Authorization", privilege escalation prevention and bootstrapping.
 * @throws StatusError 403 Forbidden, 404 NotFound for a binding to a role that is not there
 */
export function refuseEscalation(store: Store, user: User, object: KubernetesObject): void {
  const { kind, metadata } = object;
  const { namespace } = metadata;
  if (kind === 'Role' || kind === 'ClusterRole') {
    const resource = kind === 'Role' ? 'roles' : 'clusterroles';
    const attempt = { verb: 'escalate', group, resource, name: metadata.name, ...within(namespace) };
    if (isAllowed(store, user, attempt)) return;
    refuseBeyond(store, user, object, (object as Rules).rules ?? []);
  }
  if (kind !== 'RoleBinding' && kind !== 'ClusterRoleBinding') return;
  const { roleRef } = object as unknown as Binding;
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  if (isAllowed(store, user, { verb: 'bind', group, resource, name: roleRef.name, ...within(namespace) }))
    return;
  const role = store.get(roleRef.kind, roleRef.kind === 'Role' ? namespace : undefined, roleRef.name);
  if (role === undefined)
    throw new StatusError('NotFound', `${resource}.${group} "${roleRef.name}" not found`, {
      name: roleRef.name,
      group,
      kind: resource,
    });
  refuseBeyond(store, user, object, (role as Rules).rules ?? []);
}

function refuseBeyond(store: Store, user: User, { kind, metadata }: KubernetesObject, rules: Rule[]): void {
  const lacking = rules.filter(
    (rule) => !attemptsOf(rule, metadata.namespace).every((one) => isAllowed(store, user, one)),
  );
  if (lacking.length === 0) return;
  const plural = `${kind.toLowerCase()}s`;
  throw new StatusError(
    'Forbidden',
    `${plural}.${group} "${metadata.name}" is forbidden: user "${user.username}" (groups=${JSON.stringify(user.groups)}) ` +
      `is attempting to grant RBAC permissions not currently held:\n${lacking.map((rule) => JSON.stringify(rule)).join('\n')}`,
    { name: metadata.name, group, kind: plural },
  );
}

/** Everything that a rule allows, one by one; `*` is held by who has `*`. */
function attemptsOf(rule: Rule, namespace: string | undefined): Attempt[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ name }));
  return verbs.flatMap((verb) => [
    ...nonResourceURLs.map((path) => ({ verb, path })),
    ...apiGroups.flatMap((apiGroup) =>
      resources.flatMap((path) => {
        const [resource = '', subresource] = path.split('/');
        const what = { verb, group: apiGroup, resource, ...(subresource !== undefined && { subresource }) };
        return names.map((name) => ({ ...what, ...name, ...within(namespace) }));
      }),
    ),
  ]);
}

function within(namespace: string | undefined) {
  return namespace === undefined ? {} : { namespace };
}
