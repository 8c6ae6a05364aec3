import type { Route } from './dialects/dialect.ts';
import type { Hook, HookSettings } from './hooks.ts';
import { OWNER } from './payload.ts';
import { type Answer, type Call, jsonBody, notFound, ok } from './rest-call.ts';

/** What one kind of host says of webhooks, and takes for one. */
export interface HookDialect {
  /** How one is changed. */
  change: 'PATCH' | 'PUT';
  /** What an id looks like in a path. */
  id: string;
  /** To whoever may not administer the repository. */
  refusal: Answer;
  json(call: Call, hook: Hook): Record<string, unknown>;
  list(call: Call, hooks: readonly Hook[]): Answer;
  /** What a body wants of a new one, or of `hook`; or why it is refused. */
  read(body: Record<string, unknown>, call: Call, hook?: Hook): HookSettings | Answer;
  /** What follows when one was made. */
  onMade?(call: Call, hook: Hook): void;
}

/** Below `/hooks`: list, make, get, change, remove. For the repository's owner alone. */
export function hookRoutes(dialect: HookDialect): Route[] {
  const one = new RegExp(`^/hooks/(${dialect.id})$`);
  return [
    ['GET', /^\/hooks$/, owners(dialect, async (call) => dialect.list(call, hooksOf(call)))],
    ['POST', /^\/hooks$/, owners(dialect, (call) => make(dialect, call))],
    [
      'GET',
      one,
      owners(
        dialect,
        onHook(async (call, hook) => ok(dialect.json(call, hook))),
      ),
    ],
    [
      dialect.change,
      one,
      owners(
        dialect,
        onHook((call, hook) => change(dialect, call, hook)),
      ),
    ],
    ['DELETE', one, owners(dialect, onHook(remove))],
  ];
}

type Handler = (call: Call) => Promise<Answer>;

export function owners({ refusal }: Pick<HookDialect, 'refusal'>, handler: Handler): Handler {
  return async (call) => (call.user === OWNER ? await handler(call) : refusal);
}

export function onHook(handler: (call: Call, hook: Hook) => Promise<Answer>): Handler {
  return async (call) => {
    const hook = call.deliveries.hooks.find(call.repository.name, call.part);
    return hook === undefined ? notFound() : await handler(call, hook);
  };
}

function hooksOf({ deliveries, repository }: Call): readonly Hook[] {
  return deliveries.hooks.of(repository.name);
}

async function make(dialect: HookDialect, call: Call): Promise<Answer> {
  const wanted = dialect.read((await jsonBody(call.request)) ?? {}, call);
  if ('status' in wanted) return wanted;
  const hook = call.deliveries.hooks.add(call.repository.name, wanted);
  dialect.onMade?.(call, hook);
  return { status: 201, body: dialect.json(call, hook) };
}

async function change(dialect: HookDialect, call: Call, hook: Hook): Promise<Answer> {
  const wanted = dialect.read((await jsonBody(call.request)) ?? {}, call, hook);
  if ('status' in wanted) return wanted;
  Object.assign(hook, wanted, { updatedAt: new Date().toISOString() });
  return ok(dialect.json(call, hook));
}

async function remove({ deliveries, repository }: Call, hook: Hook): Promise<Answer> {
  deliveries.hooks.remove(repository.name, hook);
  return { status: 204, body: undefined };
}

/** A part of a list by its number, and whether there is more; few on each, so that there are several. */
export function pageOfHooks<T>(all: readonly T[], query: URLSearchParams, size = 3) {
  const page = Math.max(1, Number(query.get('page') ?? 1) || 1);
  return { page, size, some: all.slice((page - 1) * size, page * size), isLast: page * size >= all.length };
}

export function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

export function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
