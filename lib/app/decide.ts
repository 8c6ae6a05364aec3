import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';
import { badField } from './bad-field.ts';
import { forEnvironment } from './environments.ts';
import { parseAppFile } from './file.ts';
import { checkName, WEB } from './name.ts';
import { processesOf } from './processes.ts';
import { cronOf, jobsOf } from './programs.ts';
import { bakeOf, checkWatched, strategyOf } from './rollout.ts';
import { secondsOf } from './schema/values.ts';
import type { AppFile, Said } from './schema.ts';
import { secretsOf } from './secrets.ts';
import { securityOf } from './security.ts';
import type { App, ImageFacts, Ingress, Manifests, ServiceType } from './types.ts';

/** What an app is decided from. */
export interface AppSources {
  name: string;
  /** Text of the repository's `fairlead.yaml`, where it has one. */
  file?: string;
  /** Name of the environment that it is decided for. */
  environment?: string;
  image: ImageFacts;
  /**
   * What the installation says for apps that do not say it themselves; no bake where it says none, and load balancers as
   * the cluster makes them.
   */
  defaults: { service: ServiceType; loadBalancers?: LoadBalancerScheme; bakeSeconds?: number };
}

const PATIENCE_SECONDS = 60;
/** Bytes: ConfigMaps have 1 MiB for everything (Kubernetes, "ConfigMaps"). */
const LARGEST_CONFIG = 1_000_000;

/**
 * Decides everything about an app: its file first, then the image, then the installation.
 * @throws FairleadError `app/bad-file`, `app/bad-name`, `app/no-port`
 */
export function decideApp({ name, file, environment, image, defaults }: AppSources): App {
  checkName('app', name);
  const parsed = parseAppFile(file ?? '');
  const said = forEnvironment(parsed, environment);
  if (said.manifests !== undefined) refuseIdle(said, parsed.manifests !== undefined);
  const processes = said.manifests === undefined ? processesOf(said, image, defaults) : [];
  const app: App = {
    name,
    processes,
    secrets: secretsOf(name, said),
    config: configOf(said),
    jobs: jobsOf(said),
    cron: cronOf(said),
    ...ingressOf(name, said, environment),
    serviceAccount: { annotations: said.serviceAccount?.annotations ?? {} },
    security: securityOf(said, image, processes),
    ...(image.architecture !== undefined && { architecture: image.architecture }),
    patience: secondsOf(said.patience ?? PATIENCE_SECONDS),
    strategy: strategyOf(said),
    bake: bakeOf(said, defaults.bakeSeconds ?? 0),
  };
  checkTogether(app, said);
  return app;
}

/** Where the app's own manifests for an environment are; undefined where Fairlead renders. */
export function manifestsOf(file: AppFile, environment?: string): Manifests | undefined {
  return forEnvironment(file, environment).manifests;
}

function configOf({ config = {} }: Said): Record<string, string> {
  const size = Object.entries(config)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (size <= LARGEST_CONFIG) return config;
  throw badField(
    'config',
    `its files have ${size} bytes together`,
    `keep them below ${LARGEST_CONFIG}, or put them into the image`,
  );
}

function ingressOf(app: string, { ingress }: Said, environment = ''): { ingress?: Ingress } {
  if (ingress === undefined || ingress === 'none') return {};
  const { host, path = '/', class: named, tls, annotations = {} } = ingress;
  const secret = tls === true ? `${app}-tls` : tls;
  return {
    ingress: {
      ...(host !== undefined && { host: hostOf(host, app, environment) }),
      path,
      ...(named !== undefined && { class: named }),
      ...(secret && { tls: secret }),
      annotations,
    },
  };
}

function hostOf(said: string, app: string, environment: string): string {
  const host = said.replaceAll('{app}', app).replaceAll('{environment}', environment);
  if (!/[{}]/.test(host)) return host;
  throw badField('ingress.host', `'${said}' is no DNS name`, 'only {app} and {environment} may stand in it');
}

/** What is wrong only together. */
function checkTogether({ processes, secrets, jobs, cron, ingress, strategy, bake }: App, said: Said): void {
  const names = [...processes, ...jobs, ...cron].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw badField(
      'processes',
      `two things are called ${twice}`,
      'give processes, jobs and cron jobs names of their own',
    );
  const both = [...processes, ...jobs, ...cron]
    .flatMap(({ env }) => Object.keys(env))
    .find((variable) => Object.hasOwn(secrets, variable));
  if (both !== undefined) throw badField(`secrets.${both}`, 'env says it too', 'say it in one of them');
  const isServed =
    said.manifests !== undefined || processes.some(({ name, port }) => name === WEB && port !== undefined);
  if (ingress !== undefined && !isServed)
    throw badField(
      'ingress',
      'there is no port that requests could go to',
      'give the app a port, or leave ingress out',
    );
  checkWatched(strategy, bake);
  if (strategy.kind === 'rolling') return;
  if (said.manifests !== undefined)
    throw badField(
      'strategy',
      `${strategy.kind} needs what Fairlead renders, and the app has manifests of its own`,
      'use rolling, or leave manifests out',
    );
  if (!isServed)
    throw badField(
      'strategy',
      `${strategy.kind} is about requests, and the app has no port`,
      'give the app a port, or use rolling',
    );
}

/** What is said of every program that Fairlead renders: beside manifests those are jobs and cron jobs. */
const OF_PROGRAMS = ['env', 'secrets', 'config', 'serviceAccount', 'security', 'user'] as const;

/**
 * Refuses what has no effect beside manifests. What runs is said once, by them; `everywhere` or in this environment only,
 * where the rest of the file may be for others.
 */
function refuseIdle(said: Said, everywhere: boolean): void {
  const { processes = {}, jobs = {}, cron = {} } = said;
  const { [WEB]: web, ...others } = processes;
  const further = Object.keys(others).filter((name) => others[name] !== 'none');
  const hasPrograms = Object.values({ ...jobs, ...cron }).some((program) => program !== 'none');
  const general = everywhere && !hasPrograms ? OF_PROGRAMS.filter((key) => isSaid(said[key])) : [];
  const idle = [
    ...(web === 'none' ? [] : Object.keys(web ?? {})),
    ...further.map((name) => `processes.${name}`),
    ...general,
  ];
  if (idle[0] === undefined) return;
  throw badField(
    idle[0],
    'the manifests of the app say what runs, so this would have no effect',
    'say it in the manifests, or leave manifests out',
  );
}

function isSaid(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== undefined;
}
