import * as z from 'zod/mini';
import type { Aws } from '../lib/aws/types.ts';
import { HOST_KINDS, type HostKind } from '../lib/host-kind.ts';
import { LOAD_BALANCER_SCHEMES } from '../lib/load-balancer-scheme.ts';
import type { NetworkPolicy } from '../lib/network/policy.ts';
import type { WebhookSettings } from '../lib/operate/webhooks.ts';
import type { Hosts } from '../lib/source/types.ts';
import { readAws } from './aws-settings.ts';
import { readInstallation } from './installation.ts';
import { byHost, check, commaSeparated, count, mirrors, text, url, type Variables } from './variables.ts';

/**
 * The environment of every function: the only place that reads `process.env`. lib/stacks/functions.ts sets what is
 * read here, under the same names. AWS_* variables are Lambda's and the SDK's, POWERTOOLS_* those of AWS Lambda Powertools.
 */

const hosts = () => ({
  HOST_API_URLS: byHost(url()),
  HOST_TOKEN_SECRET_IDS: z._default(byHost(text()), {}),
  HOST_ACCESS: z._default(byHost(z.enum(['token', 'app'])), {}),
});

/** @throws FairleadError `env/invalid-variable`, as all that follow */
export function awsEnvironment(variables: Variables = process.env): Aws {
  return readAws(variables);
}

export function receivePushEnvironment(variables: Variables = process.env) {
  const read = check(
    z.object({
      DEPLOY_FUNCTION: text(),
      SWEEP_FUNCTION: text(),
      WEBHOOK_SECRET_IDS: byHost(text()),
    }),
    variables,
  );
  return {
    deployFunction: read.DEPLOY_FUNCTION,
    sweepFunction: read.SWEEP_FUNCTION,
    /** Secrets Manager id of what each host signs with; other hosts are not listened to. */
    webhookSecretIds: read.WEBHOOK_SECRET_IDS,
    deploys: readInstallation(variables),
  };
}

/** Seconds; as without a word of the installation (lib/config/complete.ts). */
const STUCK_AFTER = 7200;

export function sweepEnvironment(variables: Variables = process.env) {
  const read = check(
    z.object({
      DEPLOY_FUNCTION: text(),
      LEDGER_TABLE: text(),
      STUCK_AFTER: z._default(count(), STUCK_AFTER),
      ...hosts(),
    }),
    variables,
  );
  return {
    deployFunction: read.DEPLOY_FUNCTION,
    /** ms after which what is at work counts as stuck. */
    stuckAfter: read.STUCK_AFTER * 1000,
    ledgerTable: read.LEDGER_TABLE,
    deploys: readInstallation(variables),
    hosts: hostsOf(read),
  };
}

export function deployEnvironment(variables: Variables = process.env) {
  const read = check(
    z.object({
      LEDGER_TABLE: text(),
      BUILD_FUNCTION: text(),
      ROLLOUT_FUNCTION: text(),
      IMAGE_REPOSITORY_PREFIX: text(),
      SERVICE_TYPE: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
      LOAD_BALANCERS: z.enum(LOAD_BALANCER_SCHEMES),
      BAKE_SECONDS: z._default(count(), 0),
      ...hosts(),
    }),
    variables,
  );
  return {
    /** How long releases are watched whose apps do not say it. */
    bakeSeconds: read.BAKE_SECONDS,
    ledgerTable: read.LEDGER_TABLE,
    buildFunction: read.BUILD_FUNCTION,
    rolloutFunction: read.ROLLOUT_FUNCTION,
    imageRepositoryPrefix: read.IMAGE_REPOSITORY_PREFIX.replace(/\/+$/, ''),
    serviceType: read.SERVICE_TYPE,
    loadBalancers: read.LOAD_BALANCERS,
    deploys: readInstallation(variables),
    hosts: hostsOf(read),
  };
}

export function buildImageEnvironment(variables: Variables = process.env) {
  const read = check(
    z.object({
      REGISTRY_MIRRORS: z._default(mirrors(), {}),
      INSECURE_REGISTRIES: z._default(commaSeparated(), []),
      LOCAL_ADDRESSES: z._default(z.enum(['refused', 'allowed']), 'refused'),
      RUN_ISOLATION: z._default(z.enum(['required', 'if-possible']), 'required'),
      PLATFORM: z.optional(text()),
      CACHE_DIR: z.optional(text()),
      MICROVM_IMAGE: z.optional(text()),
      MICROVM_IMAGE_VERSION: z.optional(text()),
      MICROVM_PLATFORM: z._default(text(), 'linux/arm64'),
      MICROVM_SECRET_ID: z.optional(text()),
      LENT_ROLE: z.optional(text()),
      LENT_TABLE: z.optional(text()),
      CODEBUILD_PROJECT: z.optional(text()),
      ...hosts(),
    }),
    variables,
  );
  return {
    hosts: hostsOf(read),
    /** Registry host, or `*` for all, to the prefix under which its images are looked for first. */
    mirrors: read.REGISTRY_MIRRORS,
    /** Registry hosts that speak plain HTTP. */
    insecure: read.INSECURE_REGISTRIES,
    /** A Dockerfile may not name what only this machine reaches, unless the registries themselves are on it. */
    network: networkPolicy(read.LOCAL_ADDRESSES),
    /** Whether a RUN in a MicroVM that cannot have a network of its own fails. */
    isolation: read.RUN_ISOLATION,
    /** What images are for, where fairlead.yaml does not say; this machine's when absent. */
    platform: read.PLATFORM,
    cacheDirectory: read.CACHE_DIR,
    ...microVm(read),
    /** The role that builds elsewhere get sessions of, and where those find them that have no way of their own. */
    lentRole: read.LENT_ROLE,
    lentTable: read.LENT_TABLE,
    /** Absent where the installation has none. */
    codeBuildProject: read.CODEBUILD_PROJECT,
    /** Where a Go toolchain is, and where it gets modules from. */
    go: goVariables(variables),
  };
}

/** What the server in a MicroVM is told; ports, or paths of Unix sockets. */
export function buildVmEnvironment(variables: Variables = process.env) {
  const read = check(
    z.object({
      LISTEN: z._default(text(), '8080'),
      LISTEN_HOOKS: z._default(text(), '9000'),
      CACHE_DIR: z._default(text(), '/var/cache/fairlead'),
    }),
    variables,
  );
  return {
    listen: read.LISTEN,
    listenHooks: read.LISTEN_HOOKS,
    cacheDirectory: read.CACHE_DIR,
    go: goVariables(variables),
  };
}

export function watchAlarmEnvironment(variables: Variables = process.env) {
  const read = check(z.object({ DEPLOY_FUNCTION: text(), LEDGER_TABLE: text() }), variables);
  return { deployFunction: read.DEPLOY_FUNCTION, ledgerTable: read.LEDGER_TABLE };
}

export function operateEnvironment(variables: Variables = process.env) {
  const read = check(
    z.object({
      DEPLOY_FUNCTION: text(),
      SWEEP_FUNCTION: text(),
      WATCH_ALARM_FUNCTION: text(),
      RECEIVE_FUNCTION: text(),
      DEAD_LETTERS_URL: url(),
      LEDGER_TABLE: text(),
      WEBHOOK_URL: z.optional(url()),
      WEBHOOK_SECRET_IDS: z._default(byHost(text()), {}),
      HOST_API_URLS: z._default(byHost(url()), {}),
      HOST_TOKEN_SECRET_IDS: z._default(byHost(text()), {}),
      HOST_ACCESS: z._default(byHost(z.enum(['token', 'app'])), {}),
    }),
    variables,
  );
  return {
    deployFunction: read.DEPLOY_FUNCTION,
    sweepFunction: read.SWEEP_FUNCTION,
    watchAlarmFunction: read.WATCH_ALARM_FUNCTION,
    receiveFunction: read.RECEIVE_FUNCTION,
    /** The queue of events that no attempt could handle. */
    deadLettersUrl: read.DEAD_LETTERS_URL,
    ledgerTable: read.LEDGER_TABLE,
    deploys: readInstallation(variables),
    webhooks: webhooksOf(read),
  };
}

interface WebhookVariables extends HostVariables {
  WEBHOOK_URL?: string | undefined;
  WEBHOOK_SECRET_IDS: Partial<Record<HostKind, string>>;
}

function webhooksOf(read: WebhookVariables): WebhookSettings {
  const hosts = HOST_KINDS.flatMap((kind) => {
    const { [kind]: webhookSecretId } = read.WEBHOOK_SECRET_IDS;
    return webhookSecretId === undefined ? [] : [{ kind, webhookSecretId, ...hostsOf(read)[kind] }];
  });
  return { hosts, ...(read.WEBHOOK_URL !== undefined && { url: read.WEBHOOK_URL }) };
}

export function rollOutEnvironment(variables: Variables = process.env) {
  const read = check(z.object({ CLUSTER_NAME: text(), LEDGER_TABLE: text() }), variables);
  return { clusterName: read.CLUSTER_NAME, ledgerTable: read.LEDGER_TABLE };
}

interface HostVariables {
  HOST_API_URLS: Partial<Record<HostKind, string>>;
  HOST_TOKEN_SECRET_IDS: Partial<Record<HostKind, string>>;
  HOST_ACCESS: Partial<Record<HostKind, 'token' | 'app'>>;
}

function hostsOf(read: HostVariables): Hosts {
  const named = HOST_KINDS.flatMap((kind) => {
    const { [kind]: apiUrl } = read.HOST_API_URLS;
    const { [kind]: tokenSecretId } = read.HOST_TOKEN_SECRET_IDS;
    const { [kind]: access } = read.HOST_ACCESS;
    const more = { ...(tokenSecretId && { tokenSecretId }), ...(access && { access }) };
    return apiUrl === undefined ? [] : [[kind, { apiUrl, ...more }] as const];
  });
  return Object.fromEntries(named);
}

function goVariables({ PATH, GOPROXY, GOSUMDB, GONOSUMDB, GOPRIVATE, GONOPROXY }: Variables) {
  return { PATH, GOPROXY, GOSUMDB, GONOSUMDB, GOPRIVATE, GONOPROXY };
}

interface MicroVmVariables {
  MICROVM_IMAGE?: string | undefined;
  MICROVM_IMAGE_VERSION?: string | undefined;
  MICROVM_PLATFORM: string;
  MICROVM_SECRET_ID?: string | undefined;
}

/** What is known of the installation's MicroVMs; nothing where it has none. */
function microVm(read: MicroVmVariables) {
  const { MICROVM_IMAGE: image, MICROVM_IMAGE_VERSION: version, MICROVM_SECRET_ID: secretId } = read;
  if (image === undefined || secretId === undefined) return {};
  const named = { arn: image, ...(version === undefined ? {} : { version }) };
  return { microVm: { image: named, platform: read.MICROVM_PLATFORM, secretId } };
}

function networkPolicy(local: 'refused' | 'allowed'): NetworkPolicy {
  return { refuse: local === 'refused' ? 'local-addresses' : 'nothing' };
}
