import { FairleadError } from '../errors.ts';
import type { Kube } from './client.ts';
import { type Contested, conflictOf, contestedError } from './conflict.ts';
import type { ObjectPath } from './discovery.ts';
import { isNotFound, KubeError } from './error.ts';
import { takeOut } from './field.ts';
import { adoption, FENCE, FIELD_MANAGER, fenceOf } from './owner.ts';
import type { LiveObject, WrittenObject } from './wire.ts';

/** How to write: whose claim it is, and by which labels one's own objects are told from others'. */
export interface Writing {
  fence: number;
  /** Keys of labels; an object that exists without the same values of them is somebody else's. */
  identity: readonly string[];
  /** Fields, as conflicts name them (`.spec.replicas`), that stay as somebody else has set them; or all of them. */
  yields?: readonly string[] | 'all';
  /** Fields that are taken from whoever has set them; see {@link isBookkeeping} for what is in any case. */
  takes?(contested: Contested): boolean;
  /** Only ask whether it would be accepted. */
  dryRun?: true;
  /** What to write instead of the object, now that it is known what is there. */
  revise?(object: WrittenObject, live: LiveObject | undefined): WrittenObject;
  /** What was there when somebody looked last, so that it need not be read again. It is where it has changed. */
  known?: { live: LiveObject | undefined };
}

/**
 * How a write ended. `before` is what was there; of a dry run, `object` is what would be. `left`: what stayed as
 * somebody else has set it; `taken`: what did not.
 */
export type Written =
  | ({ outcome: 'written'; before?: LiveObject; object: LiveObject } & Settled)
  | { outcome: 'superseded'; by: number };

/** What became of fields that somebody else had set. */
export interface Settled {
  left: readonly Contested[];
  taken: readonly Contested[];
}

const UNCONTESTED: Settled = { left: [], taken: [] };

// Controllers write to a Deployment all the time during a rollout; every attempt starts from what is there now.
export const ATTEMPTS = 20;

/**
 * Applies `object` at `path` unless a claim with a higher fence has written there. The decision and the write are
 * one: an existing object is applied with the resourceVersion that was looked at, and an absent one is created, so
 * whatever comes between makes the write fail, and it is decided anew.
 */
export async function applyFenced(
  kube: Kube,
  path: ObjectPath,
  object: WrittenObject,
  writing: Writing,
): Promise<Written> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const known = attempt === 1 ? writing.known : undefined;
    const live = known ? known.live : await kube.find<LiveObject>(path.object);
    if (live && fenceOf(live) > writing.fence) return { outcome: 'superseded', by: fenceOf(live) };
    if (live) refuseForeign(live, object, writing.identity);
    if (live?.metadata?.deletionTimestamp !== undefined) throw goingAway(object);
    const stamped = stamp(writing.revise?.(object, live) ?? object, writing.fence);
    const result = live
      ? await update(kube, path, live, stamped, writing)
      : await create(kube, path, stamped, writing);
    if (result !== 'stale') return { outcome: 'written', before: live, ...result };
  }
  throw neverQuiet('applying', nameOf(object));
}

/** Creates `object` where there is none; an existing one is left as it is, whoever made it. */
export async function createFenced(
  kube: Kube,
  path: ObjectPath,
  object: WrittenObject,
  fence: number,
): Promise<'created' | 'present'> {
  try {
    const body = stamp(object, fence);
    await kube.send('POST', path.collection, { query: { fieldManager: FIELD_MANAGER }, body });
    return 'created';
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'AlreadyExists') return 'present';
    throw error;
  }
}

async function create(kube: Kube, path: ObjectPath, object: WrittenObject, { dryRun }: Writing) {
  try {
    // Asked as an apply: a POST takes fields that the schema lacks, and drops them.
    if (dryRun) return { object: await patch(kube, path, object, { dryRun }), ...UNCONTESTED };
    const query = { fieldManager: FIELD_MANAGER };
    const created = await kube.send<LiveObject>('POST', path.collection, { query, body: object });
    return { object: await adopt(kube, path, created), ...UNCONTESTED };
  } catch (error) {
    if (error instanceof KubeError && error.status === 409) return 'stale';
    throw error;
  }
}

async function update(
  kube: Kube,
  path: ObjectPath,
  found: LiveObject,
  object: WrittenObject,
  writing: Writing,
) {
  // Before a dry run too: it would else be asked of fields that the real write can take away.
  const live = await adopt(kube, path, found);
  // Looked at again meanwhile, it may be a newer claim's: that is decided where the fence is.
  if (fenceOf(live) > writing.fence) return 'stale';
  const { dryRun } = writing;
  try {
    return { object: await patch(kube, path, object, { live, dryRun }), ...UNCONTESTED };
  } catch (error) {
    if (isNotFound(error)) return 'stale';
    if (!(error instanceof KubeError) || error.status !== 409) throw error;
    const conflict = conflictOf(error, live);
    if (conflict.kind === 'stale') return 'stale';
    if (conflict.kind === 'ours') return forced(kube, path, object, { live, dryRun });
    const { takes, yields = [] } = writing;
    const contested = conflict.contested.filter((one) => !isBookkeeping(one));
    const left = contested.filter((one) => !takes?.(one));
    const refused = left.filter(({ field }) => yields !== 'all' && !yields.includes(field));
    const rest = structuredClone(object);
    if (refused.length > 0 || !left.every(({ field }) => takeOut(rest, field)))
      throw contestedError(object, left);
    const written = await forced(kube, path, rest, { live, dryRun });
    const taken = contested.filter((one) => !left.includes(one));
    return written === 'stale' ? 'stale' : { ...written, left, taken };
  }
}

/** What only Fairlead reads. `kubectl rollout undo` sets it as it was then. */
function isBookkeeping({ field }: Contested): boolean {
  return field.startsWith('.metadata.annotations.fairlead.dev/');
}

interface Patching {
  /** What it is to be applied to; nothing where there is nothing. */
  live?: LiveObject;
  dryRun: true | undefined;
  force?: boolean;
}

async function forced(kube: Kube, path: ObjectPath, object: WrittenObject, patching: Patching) {
  try {
    return { object: await patch(kube, path, object, { ...patching, force: true }), ...UNCONTESTED };
  } catch (error) {
    if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return 'stale';
    throw error;
  }
}

function patch(
  kube: Kube,
  path: ObjectPath,
  object: WrittenObject,
  { live, dryRun, force = false }: Patching,
): Promise<LiveObject> {
  // With the uid, an object that was deleted meanwhile is not created anew.
  const { resourceVersion, uid } = live?.metadata ?? {};
  return kube.send<LiveObject>('PATCH', path.object, {
    query: { fieldManager: FIELD_MANAGER, force, dryRun: dryRun && 'All' },
    contentType: 'application/apply-patch+yaml',
    body: { ...object, metadata: { ...object.metadata, resourceVersion, uid } },
  });
}

// Controllers write as soon as there is something to write to, so the object is looked at again when it has changed.
// Whoever is cut off between creating and adopting leaves it to the next write, which finds the same entry.
async function adopt(kube: Kube, path: ObjectPath, created: LiveObject): Promise<LiveObject> {
  let live = created;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const body = adoption(live);
    if (body === undefined) return live;
    try {
      return await kube.send<LiveObject>('PATCH', path.object, {
        contentType: 'application/json-patch+json',
        body,
      });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status === 0 || error.status >= 500) throw error;
      const now = await kube.find<LiveObject>(path.object);
      // Not this object's change, then: refused for good, or gone.
      if (now === undefined || now.metadata?.resourceVersion === live.metadata?.resourceVersion) return live;
      live = now;
    }
  }
  return live;
}

function stamp(object: WrittenObject, fence: number): WrittenObject {
  const annotations = { ...object.metadata.annotations, [FENCE]: String(fence) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function refuseForeign(live: LiveObject, object: WrittenObject, identity: readonly string[]): void {
  const differing = identity.filter((key) => live.metadata?.labels?.[key] !== object.metadata.labels?.[key]);
  if (differing.length === 0) return;
  const labels = differing.map((key) => `${key}=${object.metadata.labels?.[key]}`).join(' ');
  throw new FairleadError({
    code: 'kube/not-ours',
    operation: `applying ${nameOf(object)}`,
    cause: `${nameOf(object)} exists already, and Fairlead did not make it`,
    remedy: `delete it, give the app another name, or hand it over by labelling it ${labels}`,
  });
}

/** `Service shop/web` */
function nameOf({ kind, metadata }: WrittenObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

// What is applied to it would go with it.
function goingAway(object: WrittenObject): FairleadError {
  return new FairleadError({
    code: 'kube/terminating',
    operation: `applying ${nameOf(object)}`,
    cause: `the ${nameOf(object)} that was there before is still being removed`,
    remedy: 'see its metadata.finalizers for who is to let it go',
    temporary: true,
  });
}

/** The error of a write whose object has changed between every look and every write. */
export function neverQuiet(doing: 'applying' | 'removing', what: string): FairleadError {
  return new FairleadError({
    code: 'kube/never-quiet',
    operation: `${doing} ${what}`,
    cause: `it changed during each of ${ATTEMPTS} attempts`,
    temporary: true,
  });
}
