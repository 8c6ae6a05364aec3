import * as z from 'zod/mini';
import { FairleadError } from '../errors.ts';

const LONGEST = 300;

const word = () => z.string().check(z.regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, 'has to be a DNS label'));
const line = () =>
  z.string().check(z.minLength(1), z.maxLength(LONGEST), z.regex(/^[^\p{Cc}]*$/u, 'has to be one line'));
const number = () => z.int().check(z.positive());
const commit = () =>
  z.string().check(z.regex(/^[0-9a-f]{4,64}$/, 'has to be (the beginning of) a commit’s id'));

const letter = () => z.string().check(z.regex(/^[\w-]{1,100}$/, 'has to be the id of a dead letter'));

const place = { app: word(), environment: z.optional(word()) };

/** What people and programs ask of an installation. An `environment` that is not named is production, or the only one. */
const REQUEST = z.discriminatedUnion('do', [
  z.object({ do: z.literal('status'), app: z.optional(word()) }),
  z.object({ do: z.literal('releases'), ...place, limit: z._default(number().check(z.maximum(200)), 20) }),
  /** What release `number` changed; the newest when absent. */
  z.object({ do: z.literal('diff'), ...place, number: z.optional(number()) }),
  z.object({ do: z.literal('roll-back'), ...place, to: z.optional(number()), reason: line(), by: line() }),
  /** Lets a bad commit in again: the one that was marked last when absent. `deploy` brings the branch's head at once. */
  z.object({
    do: z.literal('forgive'),
    ...place,
    commit: z.optional(commit()),
    deploy: z._default(z.boolean(), true),
  }),
  /** Lets one commit of a fork's pull request be built and previewed. */
  z.object({
    do: z.literal('approve'),
    app: word(),
    pullRequest: number(),
    commit: z.string().check(z.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'has to be a whole commit id')),
    by: line(),
  }),
  z.object({ do: z.literal('remove'), app: word(), environment: word(), by: line() }),
  /** Brings the ledger and the cluster together, after one of them was lost. */
  z.object({ do: z.literal('recover'), app: z.optional(word()) }),
  /** Whether the functions reach what they need. */
  z.object({ do: z.literal('examine') }),
  /**
   * Builds and brings out the branch's head again, whatever runs: after the cluster, or its images, were lost; of a
   * listed app also for the first time.
   */
  z.object({ do: z.literal('redeploy'), ...place }),
  /** Events that no attempt could handle: what they are; to be done after all, or dropped. All of them without an id. */
  z.object({ do: z.literal('dead-letters') }),
  z.object({ do: z.literal('replay'), id: z.optional(letter()) }),
  z.object({ do: z.literal('discard'), id: z.optional(letter()) }),
  /** What the git hosts share with the installation. */
  z.object({ do: z.literal('webhooks') }),
  /** How what was started goes on. */
  z.object({
    do: z.literal('progress'),
    execution: z.string().check(z.regex(/^arn:[^\s]{1,1000}$/, 'has to be an ARN')),
  }),
]);

export type OperateRequest = z.output<typeof REQUEST>;
/** As it is sent: what has a default may be left out. */
export type OperateQuestion = z.input<typeof REQUEST>;
/** The request that asks `D`. */
export type Asked<D extends OperateRequest['do']> = Extract<OperateRequest, { do: D }>;

/** @throws FairleadError `operate/invalid-request` */
export function readRequest(event: unknown): OperateRequest {
  const result = REQUEST.safeParse(event);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the request'}: ${message}`,
  );
  throw new FairleadError({
    code: 'operate/invalid-request',
    operation: 'reading the request',
    cause: faults.join('; '),
  });
}
