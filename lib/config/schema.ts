import * as z from 'zod/mini';
import { field, needed } from '../app/schema/notes.ts';
import { HOST_KINDS } from '../host-kind.ts';
import { LOAD_BALANCER_SCHEMES } from '../load-balancer-scheme.ts';
import {
  branch,
  duration,
  email,
  LOG_DAYS,
  like,
  list,
  principal,
  region,
  text,
  topic,
  whole,
  zone,
} from './values.ts';

const ENDPOINTS = ['public', 'public-and-private', 'private'] as const;

const oneOf = (values: readonly (string | number)[]) => `one of ${values.join(', ')}`;

const previews = () =>
  z.strictObject({
    of: needed(z.enum(['off', 'branches', 'pull-requests']), {
      description: 'Who gets an environment beside the named ones.',
      allowed: oneOf(['off', 'branches', 'pull-requests']),
    }),
    branches: field(list(text()), {
      description: 'Patterns of the branches that get one: * stands for anything but /, ** for anything.',
      allowed: "a list of patterns like 'feature/*'",
    }),
    ttl: field(duration(), {
      description: 'How long a preview lives after its last deployment.',
      allowed: "text like '3d', '12h' or '90m'",
    }),
    most: field(whole(1, 1000), {
      description: 'Previews that the app may have at a time.',
      allowed: 'a whole number from 1 to 1000',
    }),
  });

const app = () =>
  z.strictObject({
    repository: needed(text(), {
      description: 'The repository that is deployed.',
      allowed: "text like 'github.com/acme/shop' or 'codecommit/shop'",
    }),
    name: field(like(/^(?!.*--)[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/), {
      description: "What the app is called, where the repository's own name does not serve.",
      allowed:
        'up to 63 lower-case letters, digits and single "-", beginning with a letter, ending without "-"',
    }),
    environments: field(z.record(like(/^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/), branch()), {
      description: 'Environment to branch.',
      allowed:
        "names of up to 30 lower-case letters, digits and '-', each with a branch: { production: 'main', staging: 'develop' }",
    }),
    previews: field(previews(), {
      description: 'Environments of branches or pull requests that come and go.',
      allowed: "an object like { of: 'branches', ttl: '3d' }",
    }),
  });

const host = () =>
  z.strictObject({
    kind: needed(z.enum(HOST_KINDS), { description: 'What runs there.', allowed: oneOf(HOST_KINDS) }),
    url: field(text(), {
      description: 'Base URL of what a person sees, for a host of your own.',
      allowed: "a URL like 'https://git.example.com'",
    }),
    access: field(z.enum(['token', 'app']), {
      description: 'How its API lets Fairlead in: a token, or a GitHub App.',
      allowed: oneOf(['token', 'app']),
    }),
  });

const endpoint = () =>
  field(z.enum(ENDPOINTS), {
    description: "From where the cluster's API is reached.",
    allowed: oneOf(ENDPOINTS),
  });

const newCluster = () =>
  z.strictObject({
    version: field(like(/^1\.[1-9][0-9]$/), {
      description: "Kubernetes' minor version.",
      allowed: "text like '1.35'",
    }),
    endpoint: endpoint(),
    admins: field(z.array(principal()), {
      description: 'Who may administer it beside whoever installs it.',
      allowed: "ARNs of IAM roles or users, like 'arn:aws:iam::123456789012:role/Admin'",
    }),
    natGateways: field(whole(1, 2), {
      description:
        'NAT gateways of its VPC: each costs, and one in each of its two zones outlives the loss of a zone.',
      allowed: '1 or 2',
    }),
    zones: field(list(zone()), {
      description: 'The zones of its VPC, two of each region that is not to take its first two.',
      allowed: "names of zones like 'us-east-1a'",
    }),
  });

const existingCluster = () =>
  z.strictObject({
    name: needed(like(/^[0-9A-Za-z][\w-]{0,99}$/), {
      description: 'What EKS calls it.',
      allowed: 'the name of an EKS cluster',
    }),
    endpoint: endpoint(),
    vpc: field(like(/^vpc-[0-9a-f]{8,17}$/), {
      description: 'Of a private endpoint: the VPC that it is in.',
      allowed: "an id like 'vpc-0a1b2c3d4e5f60718'",
    }),
    subnets: field(list(like(/^subnet-[0-9a-f]{8,17}$/)), {
      description: 'Of a private endpoint: where the function that rolls out gets its network interfaces.',
      allowed: "ids like 'subnet-0a1b2c3d4e5f60718'",
    }),
    securityGroups: field(list(like(/^sg-[0-9a-f]{8,17}$/)), {
      description: 'Of a private endpoint: security groups of that function.',
      allowed: "ids like 'sg-0a1b2c3d4e5f60718'",
    }),
  });

const cluster = () =>
  z.strictObject({
    new: field(newCluster(), {
      description: 'A new cluster in Auto Mode.',
      allowed: 'an object, which may be empty',
    }),
    existing: field(existingCluster(), {
      description: 'A cluster that is there.',
      allowed: "an object like { name: 'apps' }",
    }),
    loadBalancers: field(z.enum(LOAD_BALANCER_SCHEMES), {
      description: 'From where the load balancers of apps are reached that do not say it.',
      allowed: oneOf(LOAD_BALANCER_SCHEMES),
    }),
  });

const threshold = (description: string, from: number, to: number, unit: string) =>
  field(whole(from, to), { description, allowed: `${unit}: a whole number from ${from} to ${to}` });

const alarms = () =>
  z.strictObject({
    stuckAfter: threshold(
      'After which a deployment that has not ended counts as stuck.',
      60,
      86_400,
      'seconds',
    ),
    refusedWebhooks: threshold('Refused in five minutes.', 1, 100_000, 'webhooks'),
    buildTime: threshold('That a build may take.', 1, 28_800, 'seconds'),
    queueAge: threshold('That a push may wait before it is at work.', 1, 86_400, 'seconds'),
  });

const flag = (description: string) => field(z.boolean(), { description, allowed: 'true or false' });

const addresses = (description: string) =>
  field(z.array(email()), { description, allowed: "addresses like 'ops@example.com'" });

/** The fields of `fairlead.config.ts`; what has to do with one another is checked in relations.ts. */
export const configSchema = z.strictObject({
  apps: needed(z.union([z.literal('any'), list(app())]), {
    description: 'What is deployed.',
    allowed: "'any', or a list of at least one app like { repository: 'github.com/acme/shop' }",
  }),
  hosts: field(list(host()), {
    description: 'Where the repositories are.',
    allowed: "a list of hosts like { kind: 'github' }",
  }),
  regions: field(list(region()), {
    description: 'Where it is installed, once in each.',
    allowed: "a list of AWS regions like 'eu-central-1'",
  }),
  cluster: field(cluster(), {
    description: 'Where the apps run.',
    allowed: "{ new: {} } or { existing: { name: 'apps' } }",
  }),
  platform: field(z.enum(['linux/arm64', 'linux/amd64']), {
    description: 'What images are built for where fairlead.yaml does not say.',
    allowed: oneOf(['linux/arm64', 'linux/amd64']),
  }),
  engines: field(
    z.strictObject({
      microvm: flag('Lambda MicroVMs, for any Dockerfile.'),
      codebuild: flag('CodeBuild, for what the others cannot build.'),
    }),
    { description: 'Who builds beside the function.', allowed: 'an object like { microvm: true }' },
  ),
  registry: field(
    z.strictObject({
      keepImages: field(whole(1, 10_000), {
        description: 'Images kept of each app.',
        allowed: 'a whole number from 1 to 10000',
      }),
      scanning: field(z.enum(['on-push', 'as-is']), {
        description: 'Whether ECR scans images when they are pushed; as-is leaves the account as it is.',
        allowed: oneOf(['on-push', 'as-is']),
      }),
      mounting: flag('Whether the account lets repositories share layers.'),
    }),
    { description: 'ECR.', allowed: 'an object like { keepImages: 100 }' },
  ),
  alarms: field(alarms(), {
    description: 'When somebody is woken.',
    allowed: 'an object like { stuckAfter: 7200 }',
  }),
  notifications: field(
    z.strictObject({
      email: addresses('Who is told of alarms; each address has to confirm.'),
      topics: field(z.array(topic()), {
        description: 'SNS topics that alarms are told to, of the same region.',
        allowed: "ARNs like 'arn:aws:sns:eu-central-1:123456789012:ops'",
      }),
    }),
    { description: 'Who is told.', allowed: "an object like { email: ['ops@example.com'] }" },
  ),
  budget: field(
    z.strictObject({
      monthly: needed(z.number().check(z.gt(0)), {
        description: 'US dollars a month.',
        allowed: 'US dollars, above 0',
      }),
      email: needed(list(email()), {
        description: 'Who is told before it is spent.',
        allowed: "at least one address like 'ops@example.com'",
      }),
    }),
    {
      description: 'What may be spent.',
      allowed: "an object like { monthly: 100, email: ['ops@example.com'] }",
    },
  ),
  logDays: field(z.literal(LOG_DAYS), {
    description: 'Days that logs are kept.',
    allowed: oneOf(LOG_DAYS),
  }),
  concurrency: field(z.enum(['set-apart', 'shared']), {
    description:
      'Whether functions that strangers reach are bounded; `shared` where the account has too few to set apart.',
    allowed: oneOf(['set-apart', 'shared']),
  }),
});
