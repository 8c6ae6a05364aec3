import * as z from 'zod/mini';
import { HOST_KINDS } from '../../host-kind.ts';
import type { BuildEvent, EndedAnswer } from '../types.ts';

/**
 * What is spoken between the client and the server in a MicroVM:
 *
 * - `POST /build?wait=S` with an Order: begins the build, or joins it if it goes on; answers its story from the start.
 * - `GET /build/NAME?from=N&wait=S`: the story from event N on.
 * - `GET /health`: 200 once builds are taken.
 *
 * A story is NDJSON: a StoryLine each line. It ends with an `ending`, or without one after S seconds: ask again, then.
 * Idleness is measured by what reaches the VM through its proxy, so that one long answer would not keep it awake.
 */

/** The header with the key that only this VM and its client know. */
export const KEY_HEADER = 'x-fairlead-key';

/** Bytes of an Order, and seconds of one answer, at most. */
export const LARGEST_ORDER = 256 * 1024;
export const LONGEST_WAIT = 30;

const text = (most = 1024) => z.string().check(z.minLength(1), z.maxLength(most));

const registryCredentials = () =>
  z.union([
    z.strictObject({
      host: text(),
      username: text(),
      password: text(16_384),
      unasked: z.optional(z.literal(true)),
    }),
    z.strictObject({ host: text(), token: text(16_384) }),
  ]);

/** A build, with all that it takes: the credentials in it live as long as the build, and nowhere but in memory. */
export const orderSchema = z.strictObject({
  name: z.string().check(z.regex(/^[a-z0-9]{40}$/)),
  subject: z.strictObject({
    delivery: text(),
    app: text(),
    commit: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)),
  }),
  repository: z.strictObject({
    host: z.enum(HOST_KINDS),
    owner: z.string().check(z.maxLength(1024)),
    name: text(),
  }),
  publishTo: text(),
  tags: z.array(text(128)).check(z.maxLength(50)),
  /** Decides whose caches are written; production's, where it is left out. */
  environment: z.optional(z.strictObject({ name: text(), namespace: text() })),
  platform: z.strictObject({ os: text(32), architecture: text(32), variant: z.optional(text(32)) }),
  /** The API of the repository's host. */
  source: z.strictObject({ apiUrl: z.url({ protocol: /^https?$/ }), token: z.optional(text(16_384)) }),
  /** What it must not connect to (NetworkPolicy). */
  network: z.strictObject({ refuse: z.enum(['local-addresses', 'nothing']) }),
  /** Whether a RUN that cannot have a network of its own fails. */
  isolation: z.enum(['required', 'if-possible']),
  registries: z.strictObject({
    mirrors: z.record(z.string(), z.string()),
    insecure: z.array(text()),
    credentials: z.array(registryCredentials()).check(z.maxLength(20)),
  }),
});

export type Order = z.output<typeof orderSchema>;

/** How a build ended. */
export type Ending =
  | { answer: EndedAnswer }
  /**
   * It broke, and another try may go well. `exhausted`: what the machine has run out of; `failed` is what is said of that
   * where nobody has more.
   */
  | { fault: { message: string; exhausted?: Exhausted; failed?: Failed } };

/** What a build needed more of than its machine has. */
export type Exhausted = 'disk' | 'memory' | 'time';

type Failed = EndedAnswer & { outcome: 'failed' };

/** `n` counts the events from 0. */
export type StoryLine = { n: number; event: BuildEvent } | { ending: Ending };

/** What a request that was not taken gets; `busy` carries the status 409. */
export interface Refusal {
  error: { code: string; message: string };
}
