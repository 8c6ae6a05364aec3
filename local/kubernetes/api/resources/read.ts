import type { KubernetesObject } from '../../object.ts';
import { keyOf } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { type Answer, type Call, ok } from '../http/call.ts';
import type { Target } from '../http/target.ts';
import { type Context, find } from './context.ts';
import { answerWith, Representation } from './representation.ts';

export function get({ store }: Context, target: Target, call: Call): Answer {
  return answerWith(call, target.kind, find(store, target));
}

/** Lists in pages when the client asks for them; later pages show the state of their own time. */
export function list({ store }: Context, { kind, namespace }: Target, call: Call): Answer {
  const { query } = call;
  const { items, resourceVersion } = store.list(kind.kind, {
    ...(namespace !== undefined && { namespace }),
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
  });
  const page = pageOf(items, Number(query.get('limit') ?? 0), query.get('continue') ?? '');
  return ok(new Representation(call, kind).list(page.items, { resourceVersion, ...page.metadata }));
}

function pageOf(items: readonly KubernetesObject[], limit: number, token: string) {
  const after = token === '' ? '' : decodeToken(token);
  const rest = items.filter(({ metadata }) => keyOf(metadata.namespace, metadata.name) > after);
  if (!(limit > 0) || rest.length <= limit) return { items: rest, metadata: {} };
  const page = rest.slice(0, limit);
  const last = page.at(-1)?.metadata;
  const key = keyOf(last?.namespace, last?.name ?? '');
  const metadata = {
    continue: Buffer.from(key).toString('base64url'),
    remainingItemCount: rest.length - limit,
  };
  return { items: page, metadata };
}

function decodeToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (!key.includes('/')) throw new StatusError('BadRequest', 'continue key is not valid');
  return key;
}
