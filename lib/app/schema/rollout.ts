import * as z from 'zod/mini';
import { field, needed } from './notes.ts';
import { duration, list, path, text, whole } from './values.ts';

const CANARY = [
  { percent: 10, seconds: 60 },
  { percent: 50, seconds: 60 },
];

/** The steps that a canary takes. */
const canarySteps = () =>
  list(
    z.strictObject({
      percent: needed(whole(1, 80), {
        description:
          'Of the pods that take requests. The old ones all stay meanwhile: 50 are as many again, 80 four times as many.',
        allowed: 'a whole number, 1 to 80',
        examples: [10],
      }),
      seconds: field(duration(0, 14400), {
        description: 'How long it is watched before the next step, as bake says.',
        allowed: 'seconds, 0 to 14400, or text like 30s or 5m',
        default: 60,
      }),
    }),
  );

export const strategy = () =>
  field(
    z.union([
      z.enum(['rolling', 'blue-green', 'canary']),
      z.strictObject({
        canary: needed(
          z.strictObject({
            steps: field(canarySteps(), {
              description: 'In ascending order; after the last one all pods are new.',
              allowed: 'a list of steps, each with percent and seconds',
              default: CANARY,
            }),
          }),
          { description: 'A canary in steps of your own.', allowed: 'steps' },
        ),
      }),
    ]),
    {
      description:
        'How new pods come to take requests: rolling, one after another; blue-green, all at once when a second set is ready; canary, a few first. The first release of an app goes straight.',
      allowed: 'one of rolling, blue-green, canary, or {canary: {steps: […]}}',
      default: 'rolling',
      examples: ['blue-green', { canary: { steps: [{ percent: 10, seconds: '2m' }] } }],
    },
  );

const check = () =>
  z.strictObject({
    path: needed(path(), { description: 'With its query.', allowed: 'a path that begins with /' }),
    status: field(z.union([whole(100, 599), text(/^[1-5][0-9]{2}-[1-5][0-9]{2}$/)]), {
      description: 'The status, or the lowest and the highest, that is good.',
      allowed: 'a status like 200, or a range like 200-399',
      default: '200-399',
    }),
    contains: field(z.string(), { description: 'Text that the body has to contain.', allowed: 'text' }),
  });

const traffic = () =>
  z.strictObject({
    namespace: needed(z.string(), {
      description: 'Of the CloudWatch metric.',
      allowed: 'text',
      examples: ['AWS/ApplicationELB'],
    }),
    metric: needed(z.string(), {
      description: 'That counts requests.',
      allowed: 'text',
      examples: ['RequestCount'],
    }),
    dimensions: field(z.record(z.string(), z.string()), {
      description: 'Of the metric.',
      allowed: 'names and texts',
      default: {},
    }),
    minimum: field(whole(1, 1_000_000_000), {
      description: 'Requests during the bake from which on silent alarms mean good, and not unknown.',
      allowed: 'a whole number from 1',
      default: 1,
    }),
  });

const tag = () =>
  z.strictObject({
    key: needed(z.string(), { description: 'Of the tag.', allowed: 'text' }),
    value: needed(z.string(), { description: 'Of the tag.', allowed: 'text' }),
  });

const bakeFields = () => ({
  seconds: field(duration(0, 14400), {
    description: "How long; 0 is not at all. Default: the installation's.",
    allowed: 'seconds, 0 to 14400, or text like 30s or 5m',
    examples: ['5m'],
  }),
  alarms: field(z.array(z.string().check(z.minLength(1))), {
    description: 'CloudWatch alarms that must not ring; one that rang before does not count.',
    allowed: 'a list of names of alarms',
    default: [],
  }),
  alarmTag: field(tag(), { description: 'Alarms that carry this tag, too.', allowed: 'key and value' }),
  checks: field(z.array(check()), {
    description: "Requests that are made to the release's address all the time.",
    allowed: 'a list of checks, each with path, status and contains',
    default: [],
    examples: [[{ path: '/healthz', status: 200, contains: 'ok' }]],
  }),
  restarts: field(whole(0, 1000), {
    description: 'Restarts of containers that are borne, all pods together.',
    allowed: 'a whole number, 0 to 1000',
    default: 0,
  }),
  traffic: field(traffic(), {
    description: 'How requests are counted, so that silence is not taken for health.',
    allowed: 'namespace, metric, dimensions and minimum',
  }),
  unknown: field(z.enum(['keep', 'roll-back']), {
    description: 'What becomes of a release of which nobody can say whether it is good.',
    allowed: 'one of keep, roll-back',
    default: 'keep',
  }),
  watchFor: field(duration(0, 604800), {
    description:
      'How long after the bake an alarm still takes the release back; 0 is never. Default: 10m where there are alarms.',
    allowed: 'seconds, 0 to 604800, or text like 30s or 5m',
    examples: ['1h'],
  }),
});

export const bake = () =>
  field(z.union([duration(0, 14400), z.strictObject(bakeFields())]), {
    description:
      "How a release is watched once its pods are ready, before it counts as good. Default: the installation's time.",
    allowed:
      'a time like 30s, at most 4h, or seconds, alarms, alarmTag, checks, restarts, traffic, unknown and watchFor',
    examples: ['30s', { seconds: '5m', alarms: ['shop-errors'], checks: [{ path: '/healthz' }] }],
  });
