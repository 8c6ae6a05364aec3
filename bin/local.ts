// `npm run local`: the local cloud alone, for people who push their own apps and for scripts.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadFile } from '../lib/config/load.ts';
import { messageOf } from '../lib/errors.ts';
import { ANY_APP, type Deploys } from '../lib/push/installation.ts';
import { closeAll } from '../local/close-all.ts';
import { openCloud } from './cloud.ts';
import { onThisMachine } from './on-this-machine.ts';
import { previewsOf } from './previews.ts';
import { ReadyFile } from './ready-file.ts';

const USAGE = `npm run local -- [--ready-file FILE] [--git-port N] [--registry-port N] [--registry HOST:PORT]

  --ready-file FILE     once ready, writes { git, hosts, registry, kubeconfig, webhook, pid } as JSON to FILE
  --git-port N          where git listens on 127.0.0.1 (default: a free port)
  --registry-port N     where the registry listens on 127.0.0.1 (default: a free port)
  --config FILE         deploys as that fairlead.config.ts says: environments by branch, previews by app
  --previews WHICH      environments beside production: off (default), branches or pull-requests
  --preview-branches P  patterns of the branches that get one: 'feature/*,fix/*' (default: all)
  --preview-ttl N       seconds that a preview lives after its last deployment (default: 3 days)
  --preview-most N      previews that one app may have at a time (default: 20)
  --sweep-every N       seconds between two looks for lost pushes and old previews (default: 5 minutes)
  --codebuild           hands builds over that need it, to the docker engine of this machine (DOCKER_HOST)
  --record-calls FILE   writes every AWS call of the run to FILE: who, action, resource, context (NDJSON)
  --registry HOST:PORT  publishes to that registry (plain HTTP) instead of one of its own
  KUBECONFIG=FILE       rolls out to that cluster instead of the stand-in

SIGTERM and Ctrl-C end it and leave nothing behind.`;

/** A TCP port, or one clear error. */
function port(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new Error(`--${name} ${text}: a port is a number from 1 to 65535`);
}

function seconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${name} ${text}: it takes a whole number of seconds`);
}

function readArguments() {
  return parseArgs({
    options: {
      'ready-file': { type: 'string' },
      'git-port': { type: 'string' },
      'registry-port': { type: 'string' },
      registry: { type: 'string' },
      config: { type: 'string' },
      previews: { type: 'string' },
      'preview-branches': { type: 'string' },
      'preview-ttl': { type: 'string' },
      'preview-most': { type: 'string' },
      'sweep-every': { type: 'string' },
      codebuild: { type: 'boolean' },
      'record-calls': { type: 'string' },
      help: { type: 'boolean' },
    },
  }).values;
}

/** What is deployed, by a configuration or by flags; as without a word where there are none. */
async function deploysOf(options: ReturnType<typeof readArguments>, from: string): Promise<Deploys> {
  const { config, previews } = options;
  if (config !== undefined && previews !== undefined)
    throw new Error('--config and --previews: the configuration says who gets a preview');
  if (config !== undefined) return onThisMachine(await loadFile(resolve(from, config)));
  if (previews === undefined) return ANY_APP;
  const asked = previewsOf({
    of: previews,
    branches: options['preview-branches'],
    ttl: options['preview-ttl'],
    most: options['preview-most'],
  });
  return { ...ANY_APP, others: { ...ANY_APP.others, previews: asked } };
}

/** `branch main is deployed`, or how many apps are. */
function inWords({ apps }: Deploys): string {
  if (apps.length === 0) return 'branch main is deployed';
  return apps
    .map(
      ({ app, environments }) =>
        `${app}: ${Object.entries(environments)
          .map(([name, branch]) => `${branch} to ${name}`)
          .join(', ')}`,
    )
    .join('; ');
}

async function main(): Promise<void> {
  const options = readArguments();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  // The launcher tells where the person is: npm, and it, go to the package's folder first.
  const from = process.env.FAIRLEAD_CWD ?? process.cwd();
  const path = options['ready-file'];
  const calls = options['record-calls'];
  const readyFile = path === undefined ? undefined : await ReadyFile.prepare(path, from);
  const deploys = await deploysOf(options, from);
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const cloud = await openCloud({
    gitPort: port('git-port', options['git-port']),
    registryPort: port('registry-port', options['registry-port']),
    registry: options.registry,
    deploys,
    sweepEvery: seconds('sweep-every', options['sweep-every']),
    codeBuild: options.codebuild,
    recordCalls: calls === undefined ? undefined : resolve(from, calls),
  });
  try {
    const { git, hosts, registry, kubeconfig, webhook } = cloud;
    console.log(`git         ${git}/NAME.git  (${inWords(deploys)})`);
    console.log(`registry    ${registry}`);
    console.log(`kubeconfig  ${kubeconfig}`);
    await readyFile?.write({ git, hosts, registry, kubeconfig, webhook, pid: process.pid });
    await ended;
  } finally {
    await closeAll([() => cloud.close(), async () => readyFile?.remove()]);
  }
}

main().catch((error) => {
  console.error(`fairlead: ${messageOf(error)}`);
  process.exitCode = 1;
});
