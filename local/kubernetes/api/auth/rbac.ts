import type { KubernetesObject } from '../../object.ts';
import type { Store } from '../../store.ts';
import type { User } from './user.ts';

export interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

/** What somebody wants to do. */
export type Attempt =
  | { verb: string; group: string; resource: string; subresource?: string; namespace?: string; name?: string }
  | { verb: string; path: string };

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

interface Binding extends KubernetesObject {
  subjects?: Subject[];
  roleRef: { kind: string; name: string };
}

type Role = KubernetesObject & { rules?: Rule[] };

const masters = 'system:masters';

/** Whether RBAC as stored in the cluster allows it. Source: Kubernetes "Using RBAC Authorization". */
export function isAllowed(store: Store, user: User, attempt: Attempt): boolean {
  if (user.groups.includes(masters)) return true;
  const namespace = 'path' in attempt ? undefined : attempt.namespace;
  return rulesFor(store, user, namespace).some((rule) => permits(rule, attempt));
}

/** The rules that hold for the user in the cluster and, when given, in the namespace. */
export function rulesFor(store: Store, user: User, namespace?: string): Rule[] {
  const everywhere = store.list<Binding>('ClusterRoleBinding').items;
  const here = namespace === undefined ? [] : store.list<Binding>('RoleBinding', { namespace }).items;
  return [...everywhere, ...here]
    .filter(({ subjects = [] }) => subjects.some((subject) => isSubject(subject, user)))
    .flatMap(({ roleRef: { kind, name }, metadata }) => {
      const role = store.get<Role>(kind, kind === 'Role' ? metadata.namespace : undefined, name);
      return role?.rules ?? [];
    });
}

function isSubject({ kind, name, namespace }: Subject, { username, groups }: User): boolean {
  if (kind === 'User') return name === username;
  if (kind === 'Group') return groups.includes(name);
  return username === `system:serviceaccount:${namespace}:${name}`;
}

function permits(rule: Rule, attempt: Attempt): boolean {
  if (!has(rule.verbs, attempt.verb)) return false;
  if ('path' in attempt)
    return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, attempt.path));
  const { group, resource, subresource, name } = attempt;
  if (!has(rule.apiGroups, group) || !hasResource(rule.resources ?? [], resource, subresource)) return false;
  const { resourceNames = [] } = rule;
  return resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name));
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted));
}

function hasResource(list: readonly string[], resource: string, subresource: string | undefined): boolean {
  if (subresource === undefined) return has(list, resource);
  return (
    list.includes('*') || list.includes(`${resource}/${subresource}`) || list.includes(`*/${subresource}`)
  );
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

/** The API server's own words for a refusal. */
export function refusal({ username }: User, attempt: Attempt): string {
  const who = `User "${username}" cannot ${attempt.verb}`;
  if ('path' in attempt) return `${who} path "${attempt.path}"`;
  const { group, resource, subresource, namespace } = attempt;
  const what = `${who} resource "${resource}${subresource === undefined ? '' : `/${subresource}`}" in API group "${group}"`;
  return namespace === undefined ? `${what} at the cluster scope` : `${what} in the namespace "${namespace}"`;
}
