import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../bin/demo/table.ts';
import { startDockerRegistry } from '../test/contract/registry/docker-registry.ts';
import { PeakMemory } from './build/memory.ts';
import { type Kind, type Row, rows, TITLES } from './build/rows.ts';
import { buildah, buildKit, floor, ours, type Watch, type Way } from './build/ways.ts';
import { spread } from './figures.ts';
import { CACHE, DockerEngine } from './peer/docker.ts';

interface Figures {
  seconds: number[];
  /** Bytes, over all rounds. */
  peak: number;
}

/** Everything that a run is done with. */
interface Bench {
  /** A folder of this run's own. */
  folder: string;
  registry: string;
  docker: DockerEngine;
}

/** As Docker Hub's is called in a mirror of it: another golang could be another Go, and would be looked into. */
const GOLANG = 'docker.io/library/golang:1.19';

const run = Date.now().toString(36);

/** A way with its own copy of a row's context. */
interface Entrant {
  way: Way;
  directory: string;
}

function entrants({ folder, registry, docker }: Bench, row: Row): Entrant[] {
  const { context } = row;
  const work = join(folder, row.name);
  const debian = `${registry}/debian:12`;
  const ways = [
    ours(work, context.unpacked ? debian : undefined),
    buildKit(docker, 'tutorial'),
    ...('mounts' in context.dockerfiles ? [buildKit(docker, 'mounts')] : []),
    buildah(work),
    ...(context.goPackage === undefined ? [] : [floor(work)]),
  ];
  const original = join(work, 'context');
  mkdirSync(original, { recursive: true });
  context.fill(original);
  return ways.map((way, number) => {
    const directory = join(work, `context-${number}`);
    // Links, as every edit makes a new file.
    execFileSync('cp', ['-al', original, directory]);
    const dockerfile = context.dockerfiles[way.variant] ?? '';
    writeFileSync(
      join(directory, 'Dockerfile'),
      dockerfile.replace('BASE', `${registry}/${GOLANG}`).replace('DEBIAN', debian),
    );
    return { way, directory };
  });
}

/** The rounds of one kind: every way in turn, so that a machine that slows down slows them all. */
async function measure(bench: Bench, row: Row, kind: Kind, rounds: number): Promise<Map<Way, Figures>> {
  const all = entrants(bench, row);
  const figures = new Map<Way, Figures>(all.map(({ way }) => [way, { seconds: [], peak: 0 }]));
  for (const { way } of all) await way.clear();
  // The first round fills the caches, and sees to it that everything has been read from disk once.
  for (let round = 0; round <= rounds; round++)
    for (const [number, { way, directory }] of all.entries()) {
      if (kind === 'cold' && round > 0) await way.clear();
      if (kind !== 'same' || round === 0) row.context.edit(directory, `${run}.${kind}.${round}`);
      const fresh = kind === 'cold' ? `-${round}` : '';
      const repository = `${bench.registry}/${row.name}/${run}-${kind}-${number}${fresh}`;
      const order = { context: directory, repository, tag: kind === 'same' ? 'same' : `r${round}` };
      const own = figures.get(way) as Figures;
      const { took, peak } = await watched((watch) => way.build(order, watch));
      own.peak = Math.max(own.peak, peak);
      console.error(`${row.name}/${kind} round ${round}: ${way.name}: ${took.toFixed(2)} s`);
      await expectImage(repository, order.tag);
      if (round > 0) own.seconds.push(took);
    }
  for (const { way } of all) await way.clear();
  rmSync(join(bench.folder, row.name), { recursive: true, force: true });
  return figures;
}

/** Seconds, and bytes of the processes that `work` tells of. */
async function watched(work: (watch: Watch) => Promise<void>): Promise<{ took: number; peak: number }> {
  let memory: PeakMemory | undefined;
  const started = performance.now();
  try {
    await work((pids) => {
      memory = new PeakMemory(pids);
    });
  } finally {
    memory?.stop();
  }
  return { took: (performance.now() - started) / 1000, peak: memory?.peak ?? 0 };
}

async function expectImage(repository: string, tag: string): Promise<void> {
  const [host, ...path] = repository.split('/');
  const accept = ['vnd.oci.image.manifest.v1', 'vnd.docker.distribution.manifest.v2'].map(
    (type) => `application/${type}+json`,
  );
  const url = `http://${host}/v2/${path.join('/')}/manifests/${tag}`;
  const { status } = await fetch(url, { method: 'HEAD', headers: { accept: accept.join(', ') } });
  if (status !== 200) throw new Error(`${url} answers ${status}: nothing was published`);
}

function print(row: Row, kind: Kind, figures: Map<Way, Figures>): void {
  const all = [...figures];
  const mine = all[0]?.[1].seconds ?? [];
  const lines = all.map(([{ name }, { seconds, peak }]) => [
    name,
    spread(seconds),
    spread(mine.map((value, round) => value / (seconds[round] ?? Number.NaN))),
    (peak / 2 ** 20).toFixed(0),
  ]);
  for (const line of table([`${row.title}: ${TITLES[kind]}`, 'seconds', 'ours / this', 'peak MiB'], lines))
    console.log(line);
  console.log();
}

/** Puts the bases into the registry, where every tool takes them from. */
function publishBases({ docker, registry }: Bench): void {
  for (const [image, name] of [
    ['golang:1.19', GOLANG],
    ['debian:12', 'debian:12'],
  ] as const) {
    docker.docker('tag', image, `${registry}/${name}`);
    docker.docker('push', '--quiet', `${registry}/${name}`);
  }
}

/** From a Dockerfile to an image in a registry: ours, BuildKit, buildah and the floor. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { only: { type: 'string' }, rounds: { type: 'string' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const docker = await DockerEngine.start();
  try {
    docker.ensureDebian();
    const registry = await startDockerRegistry(folder);
    try {
      await compare({ folder, registry: registry.host, docker }, values);
    } finally {
      await registry.close();
    }
  } finally {
    await docker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(bench: Bench, wanted: { only?: string; rounds?: string }): Promise<void> {
  publishBases(bench);
  for (const row of rows(CACHE))
    for (const kind of row.kinds) {
      const isWanted = wanted.only === undefined || [row.name, `${row.name}/${kind}`].includes(wanted.only);
      const rounds = Number(wanted.rounds ?? row.rounds);
      if (isWanted) print(row, kind, await measure(bench, row, kind, rounds));
    }
}
