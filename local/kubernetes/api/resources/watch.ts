import { StatusError } from '../../status-error.ts';
import type { WatchEvent } from '../../store/history.ts';
import { type Predicate, parseFieldSelector, parseLabelSelector } from '../../store/selectors.ts';
import type { Answer, Call } from '../http/call.ts';
import { isTrue, type Target } from '../http/target.ts';
import { apiVersionOf, type Kind } from '../kinds.ts';
import type { Context } from './context.ts';
import { Queue } from './queue.ts';
import { Representation } from './representation.ts';

/** How long a watch lives when the client does not say, in seconds; the real server takes between one and two of it. */
const defaultTimeout = 1_800;
/** How long before its end a watch tells how far it has come, in milliseconds. */
const bookmarkLead = 1_000;
/** Beyond this, in milliseconds, timers fire at once. */
const longestTimer = 2 ** 31 - 1;

/** Streams the changes of the selected objects, one JSON document a line. Source: Kubernetes "API concepts", watches. */
export function watch(context: Context, target: Target, call: Call): Answer {
  if (isTrue(call.query.get('sendInitialEvents')))
    throw new StatusError(
      'Invalid',
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  const representation = new Representation(call, target.kind);
  // A selector that cannot be read is refused before the stream begins.
  const isSelected = selection(target, call.query);
  const stream = changes(context, target, call, { representation, isSelected });
  return { status: 200, headers: { 'content-type': 'application/json' }, stream };
}

/** One line of a watch. */
interface Line {
  type: WatchEvent['type'] | 'BOOKMARK';
  object: unknown;
}

/** What of the changes a client sees, and how. */
interface View {
  representation: Representation;
  isSelected: Predicate;
}

async function* changes(
  { store }: Context,
  { kind }: Target,
  call: Call,
  view: View,
): AsyncGenerator<string> {
  const lines = new Queue<Line>();
  const { representation, isSelected } = view;
  let isFirst = true;
  const send = (type: WatchEvent['type'], object: WatchEvent['object']) => {
    lines.push({ type, object: representation.event(object, isFirst) });
    isFirst = false;
  };
  const { start, present } = startOf(store, kind.kind, call.query.get('resourceVersion') ?? '');
  for (const object of present) if (isSelected(object)) send('ADDED', object);
  const following = follow(() =>
    store.watch(kind.kind, start, (event) => {
      const type = typeFor(event, isSelected);
      if (type !== undefined) send(type, event.object);
    }),
  );
  if ('error' in following) yield `${JSON.stringify({ type: 'ERROR', object: following.error.status })}\n`;
  if ('error' in following) return;
  const release = limit(lines, call, () => bookmarkOf(kind, store.resourceVersion));
  try {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`;
  } finally {
    following.stop();
    release();
  }
}

/** Ends the lines when their time is up or the client is gone, with a bookmark before when it asks for them. */
function limit(lines: Queue<Line>, { query, signal }: Call, bookmark: () => Line): () => void {
  const timeout = Math.min(1_000 * Number(query.get('timeoutSeconds') || defaultTimeout), longestTimer);
  const leave = () => lines.end();
  const timers = [setTimeout(leave, timeout)];
  if (isTrue(query.get('allowWatchBookmarks')))
    timers.push(setTimeout(() => lines.push(bookmark()), Math.max(0, timeout - bookmarkLead)));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  return () => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  };
}

function bookmarkOf(kind: Kind, resourceVersion: string): Line {
  const metadata = { resourceVersion, creationTimestamp: null };
  return { type: 'BOOKMARK', object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } };
}

/** Where a watch begins: without a resourceVersion it first shows what there is. */
function startOf(store: Context['store'], kind: string, resourceVersion: string) {
  if (resourceVersion !== '' && resourceVersion !== '0') return { start: resourceVersion, present: [] };
  const { items, resourceVersion: start } = store.list(kind);
  return { start, present: items };
}

/** A watch that begins too long ago answers 200, and an error as its only line. */
function follow(start: () => () => void): { stop: () => void } | { error: StatusError } {
  try {
    return { stop: start() };
  } catch (error) {
    if (error instanceof StatusError) return { error };
    throw error;
  }
}

function selection({ kind, namespace, name }: Target, query: URLSearchParams): Predicate {
  const hasLabels = parseLabelSelector(query.get('labelSelector') ?? '');
  const hasFields = parseFieldSelector(kind.kind, query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    hasLabels(object) &&
    hasFields(object);
}

/** What a change is to somebody who sees only the selected objects. */
function typeFor(
  { type, object, previous }: WatchEvent,
  isSelected: Predicate,
): WatchEvent['type'] | undefined {
  const was = previous !== undefined && isSelected(previous);
  const is = type !== 'DELETED' && isSelected(object);
  if (was && is) return 'MODIFIED';
  if (is) return 'ADDED';
  return was ? 'DELETED' : undefined;
}
