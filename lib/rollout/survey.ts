import { FairleadError } from '../errors.ts';
import { fenceOf } from '../kube/owner.ts';
import type { LiveObject, Namespace } from '../kube/wire.ts';
import { ENVIRONMENT, INSTANCE, MANAGED_BY, NAME, SOURCE } from '../release/labels.ts';
import { shortName } from '../release/names.ts';
import type { Source } from '../release/types.ts';
import type { Cluster } from './cluster.ts';
import { INVENTORIES } from './inventory.ts';

/** An environment that left its inventory in the cluster. */
export interface Sighted {
  app: string;
  environment: string;
  namespace: string;
  /** Of the inventory and its namespace; the environment's objects may have a greater one. */
  fence: number;
  /** Absent of what was brought out before inventories said it. */
  source?: Source;
}

/** `unread`: namespaces that could not be looked into. `next`: where to go on, when there is more. */
export interface Survey {
  environments: readonly Sighted[];
  unread: readonly string[];
  next?: string;
}

/** Namespaces that are looked into for one answer, which a durable step has to hold. */
const MOST = 250;
const AT_ONCE = 8;

/**
 * What Fairlead has brought out in a cluster, by what the cluster knows of it alone: namespaces that are labelled as
 * Fairlead's (its own, and those handed over), and the inventories in them.
 * @param after name of a namespace: only those that sort behind it
 */
export async function survey({ kube }: Cluster, after = ''): Promise<Survey> {
  const query = { labelSelector: `${MANAGED_BY}=fairlead` };
  const { items } = await kube.get<{ items: Namespace[] }>('/api/v1/namespaces', query);
  const all = items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
    .filter((one) => nameOf(one) > after);
  const now = all.slice(0, MOST);
  const environments: Sighted[] = [];
  const unread: string[] = [];
  for (let first = 0; first < now.length; first += AT_ONCE)
    await Promise.all(
      now.slice(first, first + AT_ONCE).map(async (namespace) => {
        try {
          environments.push(...(await inventoriesIn(kube, namespace)));
        } catch (error) {
          if (!(error instanceof FairleadError) || error.temporary) throw error;
          unread.push(nameOf(namespace));
        }
      }),
    );
  const byName = (one: Sighted, other: Sighted) => (one.namespace < other.namespace ? -1 : 1);
  const last = now.at(-1);
  return {
    environments: environments.sort(byName),
    unread: unread.sort(),
    ...(all.length > now.length && last !== undefined && { next: nameOf(last) }),
  };
}

async function inventoriesIn(kube: Cluster['kube'], namespace: Namespace): Promise<Sighted[]> {
  const path = `/api/v1/namespaces/${nameOf(namespace)}/configmaps`;
  const { items } = await kube.get<{ items: LiveObject[] }>(path, { labelSelector: INVENTORIES });
  return items.flatMap((inventory) => {
    const { labels = {}, annotations = {} } = inventory.metadata ?? {};
    const app = labels[NAME];
    const environment = app && (annotations[ENVIRONMENT] ?? environmentBy(app, labels[INSTANCE] ?? ''));
    if (!app || !environment) return [];
    const source = sourceIn(annotations[SOURCE]);
    const fence = Math.max(fenceOf(inventory), fenceOf(namespace));
    return [{ app, environment, namespace: nameOf(namespace), fence, ...(source && { source }) }];
  });
}

/** From before inventories said it: what is left of the label without the app, unless that was shortened. */
function environmentBy(app: string, instance: string): string | undefined {
  const name = instance.startsWith(`${app}-`) ? instance.slice(app.length + 1) : '';
  return name !== '' && shortName(`${app}-${name}`) === instance ? name : undefined;
}

/** Anybody who may write to the inventory may have written it: what is not a source counts for nothing. */
function sourceIn(text: string | undefined): Source | undefined {
  try {
    const said = JSON.parse(text ?? '') as Source;
    const words = [said.host, said.owner, said.repository, said.branch];
    return words.every((word) => typeof word === 'string' && word !== '') ? said : undefined;
  } catch {
    return undefined;
  }
}

function nameOf({ metadata }: Namespace): string {
  return metadata?.name ?? '';
}
