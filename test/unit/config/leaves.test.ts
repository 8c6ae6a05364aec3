import { describe, expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { keysAt } from '../../../lib/app/schema/tell.ts';
import { check } from '../../../lib/config/check.ts';
import { configSchema } from '../../../lib/config/schema.ts';
import type { FairleadError } from '../../../lib/errors.ts';

/** What is right about the surroundings of a field, so that the field alone is wrong. */
const AROUND: Record<string, object> = {
  apps: [{ repository: 'github.com/acme/shop' }],
  'apps.0.previews': { of: 'branches' },
  hosts: [{ kind: 'github' }],
  'cluster.existing': { name: 'apps' },
  budget: { monthly: 5, email: ['a@example.com'] },
};

/** Of each field: what cannot stand there, and how a person is told what can. */
const LEAVES: Record<string, [bad: unknown, told: string]> = {
  'apps.0.repository': ['', "text like 'github.com/acme/shop' or 'codecommit/shop', and is ''"],
  'apps.0.name': [
    'a--b',
    'up to 63 lower-case letters, digits and single "-", beginning with a letter, ending without "-", and is \'a--b\'',
  ],
  'apps.0.environments': [
    'main',
    "names of up to 30 lower-case letters, digits and '-', each with a branch: { production: 'main', staging: 'develop' }, and is 'main'",
  ],
  'apps.0.previews.of': [
    'branchs',
    "one of off, branches, pull-requests, and is 'branchs'; did you mean 'branches'?",
  ],
  'apps.0.previews.branches': ['**', "a list of patterns like 'feature/*', and is '**'"],
  'apps.0.previews.ttl': ['3w', "text like '3d', '12h' or '90m', and is '3w'"],
  'apps.0.previews.most': [0, 'a whole number from 1 to 1000, and is 0'],
  'hosts.0.kind': [
    'githb',
    "one of github, gitlab, bitbucket, gitea, codecommit, and is 'githb'; did you mean 'github'?",
  ],
  'hosts.0.url': ['', "a URL like 'https://git.example.com', and is ''"],
  'hosts.0.access': ['ap', "one of token, app, and is 'ap'; did you mean 'app'?"],
  regions: [[], "a list of AWS regions like 'eu-central-1', and is []"],
  'cluster.new.version': ['1.5', "text like '1.35', and is '1.5'"],
  'cluster.new.endpoint': [
    'privat',
    "one of public, public-and-private, private, and is 'privat'; did you mean 'private'?",
  ],
  'cluster.new.admins': [
    'arn:aws:iam::123456789012:role/Admin',
    "ARNs of IAM roles or users, like 'arn:aws:iam::123456789012:role/Admin', and is 'arn:aws:iam::123456789012:role/Admin'",
  ],
  'cluster.new.natGateways': [3, '1 or 2, and is 3'],
  'cluster.new.zones': ['us-east-1a', "names of zones like 'us-east-1a', and is 'us-east-1a'"],
  'cluster.existing.name': ['-', "the name of an EKS cluster, and is '-'"],
  'cluster.existing.endpoint': [
    'publik',
    "one of public, public-and-private, private, and is 'publik'; did you mean 'public'?",
  ],
  'cluster.existing.vpc': ['0a1b2c3d', "an id like 'vpc-0a1b2c3d4e5f60718', and is '0a1b2c3d'"],
  'cluster.existing.subnets': [[], "ids like 'subnet-0a1b2c3d4e5f60718', and is []"],
  'cluster.existing.securityGroups': ['sg-1', "ids like 'sg-0a1b2c3d4e5f60718', and is 'sg-1'"],
  'cluster.loadBalancers': [
    'internl',
    "one of internet-facing, internal, and is 'internl'; did you mean 'internal'?",
  ],
  platform: ['linux/arm', "one of linux/arm64, linux/amd64, and is 'linux/arm'; did you mean 'linux/arm64'?"],
  'engines.microvm': ['yes', "true or false, and is 'yes'"],
  'engines.codebuild': [1, 'true or false, and is 1'],
  'registry.keepImages': [0, 'a whole number from 1 to 10000, and is 0'],
  'registry.scanning': ['on push', "one of on-push, as-is, and is 'on push'; did you mean 'on-push'?"],
  'registry.mounting': ['off', "true or false, and is 'off'"],
  'alarms.stuckAfter': [59, 'seconds: a whole number from 60 to 86400, and is 59'],
  'alarms.refusedWebhooks': [0, 'webhooks: a whole number from 1 to 100000, and is 0'],
  'alarms.buildTime': [28_801, 'seconds: a whole number from 1 to 28800, and is 28801'],
  'alarms.queueAge': [1.5, 'seconds: a whole number from 1 to 86400, and is 1.5'],
  'notifications.email': ['ops', "addresses like 'ops@example.com', and is 'ops'"],
  'notifications.topics': ['ops', "ARNs like 'arn:aws:sns:eu-central-1:123456789012:ops', and is 'ops'"],
  'budget.monthly': [0, 'US dollars, above 0, and is 0'],
  'budget.email': [[], "at least one address like 'ops@example.com', and is []"],
  logDays: [
    10,
    'one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, and is 10',
  ],
  concurrency: ['share', "one of set-apart, shared, and is 'share'; did you mean 'shared'?"],
};

/** A configuration in which but the field at `path` is wrong. */
function withWrong(path: string, bad: unknown): object {
  const said: Record<string, unknown> = { apps: 'any' };
  const keys = path.split('.');
  let inside = said;
  keys.slice(0, -1).forEach((key, at) => {
    const around = structuredClone(AROUND[keys.slice(0, at + 1).join('.')] ?? {});
    inside[key] = Array.isArray(inside) ? { ...(inside[Number(key)] as object), ...around } : around;
    inside = inside[key] as Record<string, unknown>;
  });
  inside[keys.at(-1) ?? ''] = bad;
  return said;
}

/** Paths of the fields that have none below them. */
function leaves(path: readonly string[] = []): string[] {
  const keys = keysAt(configSchema as unknown as z.ZodMiniType, path);
  if (keys.length === 0 && path.length === 1 && ['apps', 'hosts'].includes(path[0] ?? ''))
    return leaves([...path, '0']);
  return keys.length === 0 ? [path.join('.')] : keys.flatMap((key) => leaves([...path, key]));
}

describe('each field of the configuration', () => {
  test('is in the table', () => {
    expect(Object.keys(LEAVES).sort()).toEqual(leaves().sort());
  });

  test.each(Object.entries(LEAVES))('says what may stand there: %s', (path, [bad, told]) => {
    const field = path.replace('.0', '[0]');
    const error = (() => {
      try {
        return check(withWrong(path, bad)) as never;
      } catch (thrown) {
        return thrown as FairleadError;
      }
    })();
    expect(error.code).toBe('config/invalid');
    expect(error.fault.place).toBe(`fairlead.config.ts: ${field}`);
    expect(error.fault.cause).toBe(`has to be ${told}`);
  });
});
