// `npm start`: the whole way of a push on this machine, told as it happens, on the example app.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import color from 'picocolors';
import { messageOf } from '../lib/errors.ts';
import { openCloud } from './cloud.ts';
import { type Played, play } from './demo/play.ts';
import { Repository } from './demo/repository.ts';
import { STEPS } from './demo/steps.ts';
import { table } from './demo/table.ts';

const USAGE = `npm start              shows a push from git to a live address, then stays up for yours
npm start -- --exit    the same, checks every step, and ends with exit code 0 or 1
npm start -- --help    this text
KUBECONFIG=FILE        uses that cluster instead of the stand-in, and with --registry HOST:PORT a registry that its
                       nodes can pull from (see README.md)`;

const say = (line = '') => console.log(line);
const root = join(import.meta.dirname, '..');

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : (ms / 1000).toFixed(2);
}

function summary(played: readonly Played[]): string[] {
  return table(
    ['step', 'ends', 'push to end s', 'build s', 'publish s', 'roll out s', 'sent KB', 'requests', 'failed'],
    played.map(({ ends, ms, times, sentBytes, requests, failures, problems }, index) => [
      `${index + 1}`,
      problems.length === 0 ? ends : `${ends} (not as it should)`,
      seconds(ms),
      seconds(times.build),
      seconds(times.publish),
      seconds(times.rollOut),
      sentBytes === undefined ? '–' : `${Math.round(sentBytes / 1024)}`,
      `${requests}`,
      `${failures}`,
    ]),
  );
}

function farewell(cloud: Awaited<ReturnType<typeof openCloud>>, service: string | undefined): void {
  say();
  say(color.bold('It stays up. Ctrl-C ends it and leaves nothing behind.'));
  say(`  service      ${service ?? '–'}`);
  say(`  git          ${cloud.git}/hello.git`);
  say(`  registry     ${cloud.registry}`);
  say(`  kubectl      KUBECONFIG=${cloud.kubeconfig} kubectl get pods -A`);
  say();
  say('Push your own: any repository with a Dockerfile that says EXPOSE');
  say(`  git push ${cloud.git}/NAME.git HEAD:main`);
}

/** Resolves when a person or the system asks this process to end. */
function asked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve(signal));
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { exit: { type: 'boolean' }, registry: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const ending = asked();
  const started = performance.now();
  say(color.bold('Fairlead: push to git, and it is live. Here on this machine, with no AWS account.'));
  say('Starting the local cloud; the first time, what runs its pods is compiled, which takes half a minute.');
  const cloud = await openCloud({ registry: values.registry });
  const workspace = await mkdtemp(join(tmpdir(), 'fairlead-demo-'));
  try {
    say(
      `The local cloud is up after ${seconds(performance.now() - started)} s: git, Lambda, ECR, DynamoDB, EKS.`,
    );
    const repository = await Repository.from(
      join(root, 'examples', 'go-hello'),
      join(workspace, 'hello'),
      `${cloud.git}/hello.git`,
    );
    const played = await Promise.race([play(STEPS, repository, cloud.records, say), ending]);
    if (typeof played === 'string') return 130;
    say();
    for (const line of summary(played)) say(line);
    const problems = played.flatMap(({ problems }, index) =>
      problems.map((text) => `step ${index + 1}: ${text}`),
    );
    for (const problem of problems) say(color.red(problem));
    if (values.exit) {
      say(
        problems.length === 0
          ? color.green('Every step did what it should.')
          : color.red('Not as it should be.'),
      );
      return problems.length === 0 ? 0 : 1;
    }
    farewell(cloud, played.findLast(({ url }) => url)?.url);
    await ending;
    return 0;
  } finally {
    await cloud.close();
    await rm(workspace, { recursive: true, force: true });
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(color.red(`fairlead: ${messageOf(error)}`));
    process.exitCode = 1;
  },
);
