import { join } from 'node:path';
import type { KubernetesObject } from '../../release/types.ts';
import type { Checkout } from '../checkout.ts';
import { fault } from '../fault.ts';
import type { Located, Reader } from '../types.ts';
import { parseEnvFile } from './env-file.ts';
import { type Composed, parseCompose } from './file.ts';
import { runsOwn } from './image.ts';
import type { Making } from './making.ts';
import { allPorts, exposedService, internalService, tellUnexposed } from './service.ts';
import { isRunOnce, workloadOf } from './workload.ts';

const PLACE = 'fairlead.yaml: manifests.compose';

/**
 * The objects that stand for a compose file: a Deployment and a Service for each service, and what they need. What has
 * no counterpart in a cluster is a fault or a notice, by its name.
 * @throws FairleadError `manifests/…`
 */
export async function readCompose(
  checkout: Checkout,
  path: string,
  { app }: Reader,
): Promise<{ located: Located[]; notices: string[] }> {
  const text = await checkout.read(path, PLACE);
  const dotenv = join(path, '..', '.env');
  const variables = (await checkout.has(dotenv)) ? parseEnvFile(await checkout.read(dotenv)) : {};
  const composed = parseCompose(text, path, variables);
  const makings = makingsOf(checkout, composed, app);
  const front = frontOf(makings, app);
  const located: Located[] = [];
  for (const making of makings) {
    const place = composed.at('services', making.name);
    const made = await objectsOf(making, makings, front);
    located.push(...made.map((object) => ({ object, place })));
  }
  return { located: withoutShared(located), notices: composed.notices };
}

function makingsOf(checkout: Checkout, composed: Composed, app: string): Making[] {
  const makings: Making[] = [];
  for (const [name, said] of composed.services) {
    if (said.profiles !== undefined && said.profiles.length > 0) {
      composed.notices.push(
        `services.${name} is left out: it is for the profiles ${said.profiles.join(', ')}`,
      );
      continue;
    }
    const making = {
      checkout,
      composed,
      app,
      name,
      said,
      isOwn: false,
      volumes: [],
      mounts: [],
      objects: [],
    };
    makings.push({ ...making, isOwn: runsOwn(making) });
  }
  return makings;
}

/** The one of the app's own services that is reached from outside: the one of its name, or the first that publishes. */
function frontOf(makings: readonly Making[], app: string): Making | undefined {
  const publishing = makings.filter((making) => making.isOwn && (making.said.ports ?? []).length > 0);
  return publishing.find(({ name }) => name === app) ?? publishing[0];
}

async function objectsOf(
  making: Making,
  makings: readonly Making[],
  front: Making | undefined,
): Promise<KubernetesObject[]> {
  const ports = allPorts(making);
  const workload = await workloadOf(making, makings, ports);
  if (isRunOnce(making, makings)) return [...making.objects, workload];
  if (making !== front) {
    tellUnexposed(making, ports);
    refuseName(making, front);
    return [...making.objects, internalService(making, ports), workload];
  }
  const internal = making.name === making.app ? [] : [internalService(making, ports)];
  return [...making.objects, ...internal, exposedService(making, ports), workload];
}

/** The name of the app belongs to the Service at which it is reached. */
function refuseName({ composed, name, app }: Making, front: Making | undefined): void {
  if (name !== app || front === undefined) return;
  throw fault(
    'bad-compose',
    composed.at('services', name),
    `the app is reached at services.${front.name}, but services.${name} has the app's name`,
    'give it another name',
  );
}

/** Several services may mount one volume: its claim is there once. */
function withoutShared(located: readonly Located[]): Located[] {
  const key = ({ object: { kind, metadata } }: Located) => `${kind} ${metadata.name}`;
  const isShared = ({ object: { kind } }: Located) => kind === 'PersistentVolumeClaim';
  return located.filter(
    (one, index) => !isShared(one) || located.findIndex((other) => key(other) === key(one)) === index,
  );
}
