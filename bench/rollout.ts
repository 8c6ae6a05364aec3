import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { table } from '../bin/demo/table.ts';
import { Kube } from '../lib/kube/client.ts';
import type { Release } from '../lib/release/types.ts';
import { Cluster } from '../lib/rollout/cluster.ts';
import { rollOut } from '../lib/rollout/roll-out.ts';
import { freshName, releaseOf } from '../test/contract/rollout/apps.ts';
import { type Implementation, kubectl, type Running } from '../test/contract/rollout/implementation.ts';
import { realCluster } from '../test/contract/rollout/real-cluster.ts';
import { standIn } from '../test/contract/rollout/stand-in.ts';
import { median, spread } from './figures.ts';
import { type Taken, watched } from './rollout/watched.ts';

const ROUNDS = 11;
/** ms until the pods of the last round are gone, and disturb nobody. */
const PAUSE = 6000;

/** One way from a release that is decided to the word that its pods serve. */
interface Way {
  name: string;
  namespace: string;
  goLive(version: number): Promise<void>;
}

type Measured = [Way, Taken[]];

interface Ours {
  way: Way;
  release(name: string, version: number): Release;
  cluster: Cluster;
  close(): void;
}

/** The function that rolls out, in this process: warm, as it is from the second push on. */
function byFairlead(running: Running): Ours {
  const kube = new Kube(running.connection);
  const cluster = new Cluster(kube, running.deployers);
  const namespace = freshName();
  let number = 0;
  const release = (name: string, version: number) =>
    releaseOf({ name, image: running.image, number: ++number, version: String(version % 10) });
  const goLive = async (version: number) => {
    const made = release(namespace, version);
    const subject = { delivery: 'd', app: namespace, commit: made.commit };
    const request = { do: 'apply' as const, phase: 0, subject, release: made, fence: made.number };
    const answer = await rollOut(cluster, request, { onApplied: () => {}, onPod: () => {} });
    if (answer.state !== 'live') throw new Error(JSON.stringify(answer));
  };
  return { way: { name: 'Fairlead', namespace, goLive }, release, cluster, close: () => kube.close() };
}

/** The same resources under another name, by the tool that everybody has. */
function byKubectl(running: Running, { release, cluster }: Ours, directory: string): Way {
  const namespace = freshName();
  const file = join(directory, 'release.json');
  return {
    name: '`kubectl apply`, `kubectl rollout status`',
    namespace,
    async goLive(version) {
      const { resources } = release(namespace, version);
      const items = (await cluster.place(resources, namespace)).map(({ resource }) => unnumbered(resource));
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      const line = `kubectl apply -f ${file} && kubectl -n ${namespace} rollout status deployment/${namespace}`;
      const env = { ...process.env, KUBECONFIG: running.kubeconfig };
      // Not in the way of the stand-in, which runs in this very process.
      await promisify(execFile)('/bin/sh', ['-c', line], { env });
    },
  };
}

/** Without what tells releases apart: who applies by hand writes nothing of it. */
function unnumbered(resource: Release['resources'][number]): Release['resources'][number] {
  const { annotations: _annotations, ...metadata } = resource.metadata;
  const { 'app.kubernetes.io/version': _, ...labels } = metadata.labels ?? {};
  return { ...resource, metadata: { ...metadata, labels } };
}

async function measure(running: Running): Promise<Measured[]> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
  const ours = byFairlead(running);
  const ways = [ours.way, byKubectl(running, ours, directory)];
  const measured = ways.map((way): Measured => [way, []]);
  const onlooker = new Kube(running.connection);
  try {
    // The first round makes everything, and fills caches.
    for (const way of ways) await way.goLive(0);
    await letOnlook(running, ways[1]?.namespace ?? '');
    for (let round = 1; round <= ROUNDS; round++)
      // Whoever comes second meets what the first has left: they take turns in that, too.
      for (const [way, taken] of round % 2 === 0 ? measured : measured.toReversed()) {
        await sleep(PAUSE);
        taken.push(await watched(onlooker, way.namespace, () => way.goLive(round)));
      }
  } finally {
    for (const { namespace } of ways)
      await kubectl(running.kubeconfig, [
        'delete',
        'namespace',
        namespace,
        '--wait=false',
        '--ignore-not-found',
      ]);
    ours.close();
    onlooker.close();
    await rm(directory, { recursive: true, force: true });
  }
  return measured;
}

/** Lets the function's login look at the Deployments of a namespace that it has not made. */
async function letOnlook({ kubeconfig, deployers }: Running, namespace: string): Promise<void> {
  const binding = ['create', 'rolebinding', 'onlooker', `--group=${deployers.group}`];
  await kubectl(kubeconfig, ['-n', namespace, ...binding, `--clusterrole=${deployers.clusterRole}`]);
}

const wholes = (taken: readonly Taken[]) => taken.map(({ whole }) => whole);

/** ms that somebody took beside the cluster's own work. */
const beside = (taken: readonly Taken[]) => taken.map(({ whole, cluster }) => 1000 * (whole - cluster));

/**
 * A node probes a new pod at a random moment within a second, and again a second later: what two rollouts differ by is
 * mostly that. So each side is compared with the same work of the cluster in it, the median of all rollouts.
 */
function rowsOf(where: string, [our, ours]: Measured, [their, theirs]: Measured): string[][] {
  const work = 1000 * median([...ours, ...theirs].map(({ cluster }) => cluster));
  const [own, other] = [beside(ours), beside(theirs)];
  const pairs = own.map((value, round): [number, number] => [value, other[round] ?? Number.NaN]);
  const ratios = pairs.map(([mine, its]) => (work + mine) / (work + its));
  const more = pairs.map(([mine, its]) => mine - its);
  return [
    [`${where}: ${our.name}`, spread(wholes(ours)), whole(own), '1.00', ''],
    [`${where}: ${their.name}`, spread(wholes(theirs)), whole(other), spread(ratios), whole(more)],
  ];
}

/** `101 (-16 to 132)`: median, minimum and maximum of ms. */
function whole(values: readonly number[]): string {
  return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
}

/** From a release that changes one variable of an app with two replicas to the verdict, in turn with kubectl. */
export async function main(): Promise<void> {
  const head = [
    'one variable of an app with two replicas',
    'seconds',
    'beside the cluster’s work, ms',
    'ours / this',
    'ours - this, ms',
  ];
  for (const { name, missing, start } of [realCluster, standIn] satisfies Implementation[]) {
    if (missing !== undefined) {
      console.error(`left out: ${name}, for ${missing}`);
      continue;
    }
    const running = await start();
    try {
      const [ours, theirs] = await measure(running);
      if (ours !== undefined && theirs !== undefined)
        for (const line of table(head, rowsOf(name, ours, theirs))) console.log(line);
    } finally {
      await running.close();
    }
  }
}
