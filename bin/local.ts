// `npm run local`: the local cloud alone, for people who push their own apps and for scripts.
import { parseArgs } from 'node:util';
import { messageOf } from '../lib/errors.ts';
import { closeAll } from '../local/close-all.ts';
import { openCloud } from './cloud.ts';
import { previewsOf } from './previews.ts';
import { ReadyFile } from './ready-file.ts';

const USAGE = `npm run local -- [--ready-file FILE] [--git-port N] [--registry-port N] [--registry HOST:PORT]

  --ready-file FILE     once ready, writes { git, registry, kubeconfig, webhook, pid } as JSON to FILE
  --git-port N          where git listens on 127.0.0.1 (default: a free port)
  --registry-port N     where the registry listens on 127.0.0.1 (default: a free port)
  --previews WHICH      environments beside production: off (default), branches or pull-requests
  --preview-branches P  patterns of the branches that get one: 'feature/*,fix/*' (default: all)
  --preview-ttl N       seconds that a preview lives after its last deployment (default: 3 days)
  --preview-most N      previews that one app may have at a time (default: 20)
  --sweep-every N       seconds between two looks for lost pushes and old previews (default: 5 minutes)
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
      previews: { type: 'string' },
      'preview-branches': { type: 'string' },
      'preview-ttl': { type: 'string' },
      'preview-most': { type: 'string' },
      'sweep-every': { type: 'string' },
      help: { type: 'boolean' },
    },
  }).values;
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
  const readyFile = path === undefined ? undefined : await ReadyFile.prepare(path, from);
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const cloud = await openCloud({
    gitPort: port('git-port', options['git-port']),
    registryPort: port('registry-port', options['registry-port']),
    registry: options.registry,
    previews:
      options.previews === undefined
        ? undefined
        : previewsOf({
            of: options.previews,
            branches: options['preview-branches'],
            ttl: options['preview-ttl'],
            most: options['preview-most'],
          }),
    sweepEvery: seconds('sweep-every', options['sweep-every']),
  });
  try {
    const { git, registry, kubeconfig, webhook } = cloud;
    console.log(`git         ${git}/NAME.git  (branch main is deployed)`);
    console.log(`registry    ${registry}`);
    console.log(`kubeconfig  ${kubeconfig}`);
    await readyFile?.write({ git, registry, kubeconfig, webhook, pid: process.pid });
    await ended;
  } finally {
    await closeAll([() => cloud.close(), async () => readyFile?.remove()]);
  }
}

main().catch((error) => {
  console.error(`fairlead: ${messageOf(error)}`);
  process.exitCode = 1;
});
