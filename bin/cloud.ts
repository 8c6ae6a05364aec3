import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { buildspec } from '../lib/engine/codebuild/buildspec.ts';
import { deployerRights } from '../lib/kube/permissions.ts';
import { ANY_APP, type Deploys } from '../lib/push/installation.ts';
import { bundleOptions } from '../lib/stacks/bundle.ts';
import { FUNCTIONS } from '../lib/stacks/functions.ts';
import { lentStatements } from '../lib/stacks/lent-statements.ts';
import { LIMITS } from '../lib/stacks/limits.ts';
import type { AwsCall } from '../local/aws/admission.ts';
import { closeAll } from '../local/close-all.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { cacheFolder } from './cache-folder.ts';
import { CallLog } from './call-log.ts';
import { announce } from './running-clouds.ts';
import { makeStateFolder } from './state-folder.ts';

export interface OpenCloudOptions {
  gitPort?: number | undefined;
  registryPort?: number | undefined;
  /** `HOST:PORT` of a registry to publish to, instead of one of its own. */
  registry?: string | undefined;
  /** What is deployed; the branch `main` of every repository when absent. */
  deploys?: Deploys | undefined;
  /** Seconds between two sweeps; as on AWS when absent. */
  sweepEvery?: number | undefined;
  /** Whether builds can be handed over to CodeBuild, on the docker engine of this machine. */
  codeBuild?: boolean | undefined;
  /** Seconds after which a deployment that has not ended counts as stuck; two hours when absent. */
  stuckAfter?: number | undefined;
  /** The clock of CloudWatch, ms since 1970, and what is waited before an event that failed is tried again. */
  now?: (() => number) | undefined;
  retryDelaysMs?: readonly number[] | undefined;
  /** A file that every AWS call of the run is written to. */
  recordCalls?: string | undefined;
  /** Hears of every AWS call as it is made. */
  onCall?: ((call: AwsCall) => void) | undefined;
}

const root = join(import.meta.dirname, '..');

/** Bundles every function as for AWS. @returns the folder of each, by name */
async function bundleAll(directory: string): Promise<Map<string, string>> {
  const bundles = FUNCTIONS.map(async ({ name, entry }): Promise<readonly [string, string]> => {
    const target = join(directory, name);
    await build(bundleOptions(join(root, entry), target));
    return [name, target] as const;
  });
  const made = new Map(await Promise.all([...bundles, bundleVm(join(directory, 'build-vm'))]));
  // Its helper process would otherwise stay, with its memory, for as long as this one.
  await stop();
  return made;
}

async function bundleVm(target: string) {
  await build(bundleOptions(join(root, 'lambdas/build-vm.ts'), target));
  return ['build-vm', target] as const;
}

function find(program: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** What a build machine of CodeBuild has around it; without an engine there, builds fail as they are provisioned. */
function machineVariables(): Record<string, string> {
  const { PATH = '', DOCKER_HOST } = process.env;
  return { PATH, ...(DOCKER_HOST && { DOCKER_HOST }) };
}

async function expectRegistry(host: string): Promise<void> {
  const answer = fetch(`http://${host}/v2/`, { signal: AbortSignal.timeout(5_000) });
  await answer.catch(() => {
    throw new Error(`--registry ${host}: no registry answers there over plain HTTP`);
  });
}

/** The local cloud with the pipeline's own functions in it; what it leaves in folders goes when it is closed. */
export async function openCloud(options: OpenCloudOptions): Promise<Cloud> {
  if (options.registry) await expectRegistry(options.registry);
  const stateDir = await makeStateFolder();
  const calls = options.recordCalls === undefined ? undefined : new CallLog(options.recordCalls);
  try {
    const cacheDir = await cacheFolder(root, stateDir);
    const bundles = await bundleAll(join(stateDir, 'functions'));
    const cloud = await startCloud({
      stateDir,
      cacheDir,
      node: process.execPath,
      go: find('go') ?? 'go',
      microVm: {
        entry: join(bundles.get('build-vm') ?? '', 'index.mjs'),
        // As its image has it on AWS: a Go toolchain and the usual commands.
        environment: { PATH: process.env.PATH ?? '' },
      },
      functions: (settings) => {
        const callees = {
          deploy: 'deploy:live',
          buildImage: 'build-image:live',
          rollOut: 'roll-out:live',
          sweep: 'sweep:live',
          receive: 'receive-push',
          watchAlarm: 'watch-alarm',
        };
        const installationFile = join(stateDir, 'installation.json');
        writeFileSync(installationFile, JSON.stringify(options.deploys ?? ANY_APP));
        const { stuckAfter } = options;
        const installation = { ...settings, installationFile, ...(stuckAfter && { stuckAfter }) };
        return FUNCTIONS.map(({ name, memory, timeout, durable, functionUrl, environment, ...more }) => ({
          name: more.functionName ?? name,
          directory: bundles.get(name) ?? '',
          handler: 'index.handler',
          memory,
          timeout,
          functionUrl,
          environment: {
            ...environment(installation, callees),
            POWERTOOLS_SERVICE_NAME: name,
            // The function's image brings its toolchain on AWS; here it is this machine's.
            ...(name === 'build-image' && { PATH: process.env.PATH ?? '' }),
          },
          ...(more.every && { every: options.sweepEvery ?? more.every * 60 }),
          ...(more.onAlarm && { onAlarm: true }),
          ...(LIMITS[name].atOnce !== undefined && { reservedConcurrency: LIMITS[name].atOnce }),
          ...(durable && {
            durable: { executionTimeout: durable.executionTimeout, retentionPeriod: durable.retentionDays },
          }),
        }));
      },
      lent: lentStatements,
      ...(options.codeBuild && { codeBuild: { buildspec: buildspec(), machine: machineVariables() } }),
      ...(options.now && { now: options.now }),
      ...(options.retryDelaysMs && { retryDelaysMs: options.retryDelaysMs }),
      onCall: (call) => {
        calls?.add(call);
        options.onCall?.(call);
      },
      deployerRights: deployerRights(),
      ...(process.env.KUBECONFIG && { kubeconfig: process.env.KUBECONFIG }),
      ...(options.registry && { registry: options.registry }),
      ...(options.gitPort && { gitPort: options.gitPort }),
      ...(options.registryPort && { registryPort: options.registryPort }),
    });
    const running = await announce(cloud.person, cloud.webhook);
    const close = () =>
      closeAll([
        () => running.remove(),
        () => cloud.close(),
        async () => calls?.close(),
        () => rm(stateDir, { recursive: true, force: true }),
      ]);
    return { ...cloud, close };
  } catch (error) {
    await rm(stateDir, { recursive: true, force: true });
    throw error;
  }
}
