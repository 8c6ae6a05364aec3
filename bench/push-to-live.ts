import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '../bin/demo/table.ts';
import { visit } from '../bin/demo/visitor.ts';
import { App } from '../test/e2e/harness/app.ts';
import { LocalCloud, type Ready } from '../test/e2e/harness/cloud.ts';
import { spread } from './figures.ts';
import { DockerEngine } from './peer/docker.ts';

const ROUNDS = 7;

/** The Dockerfile of who builds outside and copies the program in. */
const COPY_ONLY =
  'FROM scratch\nCOPY static /static\nCOPY hello /hello\nEXPOSE 8080\nENTRYPOINT ["/hello"]\n';

/** One way from an edited file to an answer: does the round `round`, and is timed as a whole. */
interface Way {
  name: string;
  app: App;
  goLive(round: number): Promise<string>;
}

const kubectl = (kubeconfig: string, args: string[], input = '') =>
  execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], { input, encoding: 'utf8' });

/** Ours: `git push`, up to its last line. */
function byGitPush(app: App): Way {
  return {
    name: 'git push to Fairlead',
    app,
    async goLive() {
      const pushed = await app.push();
      if (pushed.outcome !== 'live') throw new Error(pushed.text);
      return pushed.rest;
    },
  };
}

/** The peers: build, push, apply, wait. The resources are the ones that Fairlead renders, under another name. */
function byHand(
  name: string,
  app: App,
  docker: DockerEngine,
  ready: Ready,
  build: string,
  template: string,
): Way {
  const repository = `${new URL(ready.registry).host}/peer/${app.name}`;
  return {
    name,
    app,
    async goLive(round) {
      const image = `${repository}:${round}`;
      const manifest = template.replaceAll('APP', app.name).replaceAll('IMAGE', image);
      const file = join(app.directory, '.git', 'manifest.json');
      await writeFile(file, manifest);
      const line = [
        build.replaceAll('IMAGE', image),
        `/usr/bin/docker push -q ${image}`,
        `kubectl apply -f ${file}`,
        `kubectl -n ${app.name} rollout status deployment/${app.name}`,
      ].join(' && ');
      execFileSync('/bin/sh', ['-c', line], {
        cwd: app.directory,
        env: { ...docker.environment, KUBECONFIG: ready.kubeconfig },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      return `http://${address(ready.kubeconfig, app.name)}`;
    },
  };
}

function address(kubeconfig: string, app: string): string {
  const service = JSON.parse(kubectl(kubeconfig, ['-n', app, 'get', 'service', app, '-o', 'json']));
  const node = JSON.parse(kubectl(kubeconfig, ['get', 'nodes', '-o', 'json'])).items[0];
  const internal = node.status.addresses.find(({ type }: { type: string }) => type === 'InternalIP');
  return `${internal.address}:${service.spec.ports[0].nodePort}`;
}

/** What Fairlead applied for `name`, as a manifest with APP and IMAGE in place of the name and the image. */
function templateOf(kubeconfig: string, name: string): string {
  const items = ['deployment', 'service'].map((kind) => {
    const object = JSON.parse(kubectl(kubeconfig, ['-n', name, 'get', kind, name, '-o', 'json']));
    delete object.status;
    delete object.spec.clusterIP;
    delete object.spec.clusterIPs;
    for (const port of object.spec.ports ?? []) delete port.nodePort;
    object.metadata = { name: 'APP', namespace: 'APP', labels: { app: 'APP' } };
    if (kind === 'service') object.spec.selector = { app: 'APP' };
    else {
      const [container] = object.spec.template.spec.containers;
      container.image = 'IMAGE';
      object.spec.selector = { matchLabels: { app: 'APP' } };
      object.spec.template.metadata = { labels: { app: 'APP' } };
      delete object.spec.template.spec.serviceAccountName;
      delete object.spec.template.spec.serviceAccount;
    }
    return object;
  });
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

const run = Date.now();

/** What the app of a round answers: another text in each run, or the caches of the last one would have it all. */
const versionOf = (round: number) => `version ${run}.${round}`;

async function edit(app: App, round: number): Promise<void> {
  const path = join(app.directory, 'main.go');
  const source = await readFile(path, 'utf8');
  await app.commit({ 'main.go': source.replace(/version [\d.]+/, versionOf(round)) });
}

async function measure(ways: readonly Way[]): Promise<Map<Way, number[]>> {
  const seconds = new Map(ways.map((way) => [way, [] as number[]]));
  for (let round = 2; round < ROUNDS + 3; round++)
    for (const way of ways) {
      await edit(way.app, round);
      const started = performance.now();
      const url = await way.goLive(round);
      const took = (performance.now() - started) / 1000;
      const answer = await visit(url);
      const right = 'body' in answer && answer.body.endsWith(versionOf(round));
      if (!right) throw new Error(`${way.name}: ${url} answers ${JSON.stringify(answer)}`);
      // The first round fills the caches of all of them.
      if (round > 2) seconds.get(way)?.push(took);
    }
  return seconds;
}

/** From an edited line of examples/go-hello to an answer over HTTP, in turn with the tools that people use by hand. */
export async function main(): Promise<void> {
  const docker = await DockerEngine.start();
  const cloud = await LocalCloud.start();
  try {
    const { git, kubeconfig } = cloud.ready;
    const apps = await Promise.all(['ours', 'tutorial', 'prebuilt'].map((name) => App.create(git, name)));
    const [ours, tutorial, prebuilt] = apps as [App, App, App];
    const first = await ours.push();
    if (first.outcome !== 'live') throw new Error(first.text);
    const template = templateOf(kubeconfig, 'ours');
    for (const { name } of [tutorial, prebuilt]) kubectl(kubeconfig, ['create', 'namespace', name]);
    await prebuilt.commit({ Dockerfile: COPY_ONLY, '.dockerignore': '.git\n' });
    const build = '/usr/bin/docker build --network none -q -t IMAGE .';
    const ways = [
      byGitPush(ours),
      byHand(
        'docker build of the same Dockerfile, push, apply, status',
        tutorial,
        docker,
        cloud.ready,
        build,
        template,
      ),
      byHand(
        'go build, docker build of the program, push, apply, status',
        prebuilt,
        docker,
        cloud.ready,
        `CGO_ENABLED=0 go build -o hello . && ${build}`,
        template,
      ),
    ];
    const seconds = await measure(ways);
    const mine = seconds.get(ways[0] as Way) ?? [];
    const rows = ways.map((way) => {
      const theirs = seconds.get(way) ?? [];
      return [
        way.name,
        spread(theirs),
        spread(mine.map((value, round) => value / (theirs[round] ?? Number.NaN))),
      ];
    });
    for (const line of table(['one-line change of go-hello', 'seconds', 'ours / this'], rows))
      console.log(line);
    await Promise.all(apps.map((app) => app.remove()));
  } finally {
    await cloud.stop();
    await docker.stop();
  }
}
