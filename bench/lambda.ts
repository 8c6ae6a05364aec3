import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { table } from '../bin/demo/table.ts';
import { ANY_APP } from '../lib/push/installation.ts';
import { FUNCTIONS, type FunctionDefinition, type Installation } from '../lib/stacks/functions.ts';
import { median } from './figures.ts';
import { type Bundle, makeBundle } from './lambda/bundles.ts';

const execute = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const START = join(import.meta.dirname, 'lambda', 'start.mjs');

/** Starts of each, after one that is not counted: files are in the system's cache then, as on no first start. */
const ROUNDS = 15;

/** What every start is to find in its environment. */
const SURROUNDINGS = {
  PATH: process.env.PATH ?? '',
  AWS_REGION: 'eu-west-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
};

/** An installation that has everything, so that functions load all that they may have to. */
const INSTALLATION: Installation = {
  installationFile: 'installation.json',
  webhookSecretIds: { github: 'webhook' },
  hostTokenSecretIds: { github: 'token' },
  hostApiUrls: { github: 'https://api.github.com' },
  ledgerTable: 'ledger',
  imageRepositoryPrefix: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/fairlead',
  registryMirrors: {},
  insecureRegistries: [],
  clusterName: 'fairlead',
  serviceType: 'LoadBalancer',
  loadBalancers: 'internet-facing',
  deadLettersUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/dead-letters',
  codeBuildProject: 'fairlead',
};
const CALLEES = {
  ...{ deploy: 'deploy:live', buildImage: 'build-image:live', rollOut: 'roll-out:live', sweep: 'sweep:live' },
  ...{ receive: 'receive-push', watchAlarm: 'watch-alarm' },
};

/** One way to have a function. */
interface Way {
  name: string;
  index: string;
  environment: Record<string, string>;
  bundle?: Bundle;
}

interface Started {
  ms: number;
  /** ms of the processor, all threads together. */
  processor: number;
  mebibytes: number;
}

/** What functions are, and how long they take to load: each start a new process, all ways in turn. */
export async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-lambda-'));
  try {
    const ways = waysIn(folder);
    const starts = new Map(ways.map(({ name }) => [name, [] as Started[]]));
    for (let round = 0; round <= ROUNDS; round++)
      for (const way of ways) {
        const started = await start(way);
        if (round > 0) starts.get(way.name)?.push(started);
      }
    const head = ['', 'KiB at the start', 'in gzip', 'in all', 'import, ms', 'processor, ms', 'resident MiB'];
    const rows = ways.map(({ name, bundle }) => [name, ...sizes(bundle), ...figures(starts.get(name) ?? [])]);
    for (const line of table(head, rows)) console.log(line);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function waysIn(folder: string): Way[] {
  // What is not bundled is found as it is installed.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const make = (
    name: string,
    entry: string,
    environment: Record<string, string> = {},
    packages = true,
  ): Way => {
    const directory = join(folder, name.replaceAll(/\W+/g, '-'));
    const bundle = makeBundle(join(ROOT, entry), directory, packages ? {} : { external: SDK });
    writeFileSync(join(directory, INSTALLATION.installationFile), JSON.stringify(ANY_APP));
    const variables = { ...SURROUNDINGS, ...environment, LAMBDA_TASK_ROOT: directory };
    return { name, index: join(directory, 'index.mjs'), environment: variables, bundle };
  };
  const ours = FUNCTIONS.flatMap((made) => functionWays(made, make, folder));
  const peer = 'bench/lambda/peer.ts';
  return [
    ...ours,
    emptyWay(folder),
    make('a receiver with the SDK’s clients', peer),
    make('the same, the SDK beside it', peer, {}, false),
  ];
}

const SDK = ['@aws-sdk/*', '@smithy/*'];

function functionWays(
  { name, entry, environment }: FunctionDefinition,
  make: (name: string, entry: string, environment: Record<string, string>, packages?: boolean) => Way,
  folder: string,
): Way[] {
  const variables = environment(INSTALLATION, CALLEES);
  const bundled = make(name, entry, variables);
  const cache = { NODE_COMPILE_CACHE: join(folder, 'compiled', name) };
  const { index } = bundled;
  return [
    bundled,
    { name: `${name}, compiled before`, index, environment: { ...bundled.environment, ...cache } },
    make(`${name}, the SDK beside it`, entry, variables, false),
  ];
}

function emptyWay(folder: string): Way {
  const index = join(folder, 'empty', 'index.mjs');
  mkdirSync(join(folder, 'empty'));
  writeFileSync(index, 'export const handler = async () => null;\n');
  return { name: 'an empty handler', index, environment: SURROUNDINGS };
}

async function start({ index, environment }: Way): Promise<Started> {
  const { stdout } = await execute(process.execPath, [START, index], { env: environment });
  return JSON.parse(stdout) as Started;
}

function sizes(bundle: Bundle | undefined): string[] {
  if (bundle === undefined) return ['', '', ''];
  return [bundle.start, bundle.zipped, bundle.all].map((bytes) => (bytes / 1024).toFixed(0));
}

function figures(starts: readonly Started[]): string[] {
  const range = (values: number[]) =>
    `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`;
  const mebibytes = median(starts.map((each) => each.mebibytes));
  return [
    range(starts.map(({ ms }) => ms)),
    range(starts.map(({ processor }) => processor)),
    mebibytes.toFixed(0),
  ];
}
