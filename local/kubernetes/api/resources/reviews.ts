import type { Store } from '../../store.ts';
import { type Attempt, isAllowed, type Rule, rulesFor } from '../auth/rbac.ts';
import type { Authenticate, User } from '../auth/user.ts';
import { isObject, type JsonObject } from '../fields/walk.ts';
import { readJson, readObject } from '../http/body.ts';
import type { Answer, Call } from '../http/call.ts';
import type { Target } from '../http/target.ts';
import type { Context } from './context.ts';

interface Asked {
  spec: JsonObject;
  user: User;
  store: Store;
  authenticate: Authenticate;
}

/** The status of each kind of review. Source: kubernetes `authentication/v1`, `authorization/v1`. */
const statuses: Record<string, (asked: Asked) => Promise<unknown> | unknown> = {
  SelfSubjectReview: ({ user }) => ({ userInfo: user }),
  SelfSubjectAccessReview: ({ spec, user, store }) => ({ allowed: isAllowed(store, user, attemptOf(spec)) }),
  SelfSubjectRulesReview: ({ spec, user, store }) => {
    const rules = rulesFor(store, user, String(spec.namespace ?? 'default'));
    const isForPaths = ({ nonResourceURLs }: Rule) => nonResourceURLs !== undefined;
    return {
      resourceRules: rules.filter((rule) => !isForPaths(rule)),
      nonResourceRules: rules.filter(isForPaths),
      incomplete: false,
    };
  },
  TokenReview: async ({ spec, authenticate }) => {
    const user = await authenticate(String(spec.token ?? ''));
    return user ? { authenticated: true, user } : { authenticated: false, error: 'the token is not valid' };
  },
};

/** Answers who somebody is, or what the caller may do. Nothing is stored. */
export async function review(
  { store }: Context,
  { kind }: Target,
  call: Call,
  authenticate: Authenticate,
): Promise<Answer> {
  const { object } = readObject(call, kind, await readJson(call));
  const spec = isObject(object.spec) ? object.spec : {};
  const status = await statuses[kind.kind]?.({ spec, user: call.user, store, authenticate });
  return { status: 201, json: { ...object, metadata: { creationTimestamp: null }, status } };
}

function attemptOf({ resourceAttributes, nonResourceAttributes }: JsonObject): Attempt {
  if (isObject(nonResourceAttributes)) return nonResourceAttributes as unknown as Attempt;
  const {
    verb = '',
    group = '',
    resource = '',
    ...rest
  } = (resourceAttributes ?? {}) as Record<string, string>;
  const { namespace, ...others } = rest;
  // An empty namespace means all of them.
  return { verb, group, resource, ...others, ...(namespace && { namespace }) };
}
