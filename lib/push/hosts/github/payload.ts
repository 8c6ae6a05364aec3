import * as z from 'zod/mini';
import type { Headers, HostEvent, Origin } from '../../types.ts';

// SHA-1 or SHA-256 object ids (gitformat-hash, "Object names").
export const objectId = z.string().check(z.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'is not a full object id'));
export const name = z.string().check(z.regex(/^(?!\.{1,2}$)[\w.-]{1,100}$/, 'is not a name'));

/** What no ref has in its name (git-check-ref-format): names go into paths of the host's API. */
const IN_NO_REF = /\.\.|@\{|\/\/|(^|\/)\.|[\0-\x20\x7f~^:?*[\\]|^\/|(\/|\.|\.lock)$/;

/** Of a branch or a tag, or a full name. */
export const refName = z.string().check(
  z.minLength(1),
  z.maxLength(1024),
  z.refine((ref) => !IN_NO_REF.test(ref), 'is not a name of a ref'),
);
export const number = z.int().check(z.positive());

export const repository = z.object({
  name,
  owner: z.object({ login: z.optional(name), name: z.optional(name) }),
});

const delivery = z.string().check(z.regex(/^[\x21-\x7e]{1,200}$/));

/** Where an event comes from, and the host's id of it. */
export type Sent = Origin & { delivery: string };

/** Reads `body` by `schema` and hands it over with where it comes from; or says which field is wrong. */
export function readPayload<T extends z.ZodMiniType<{ repository: z.output<typeof repository> }>>(
  schema: T,
  headers: Headers,
  body: string,
  read: (payload: z.output<T>, sent: Sent) => HostEvent,
): HostEvent {
  const id = delivery.safeParse(headers['x-github-delivery']);
  if (!id.success) return { kind: 'malformed', why: 'the header X-GitHub-Delivery is missing' };
  const parsed = schema.safeParse(parseJson(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'the body';
    return { kind: 'malformed', why: `${field}: ${issue?.message ?? 'is not what GitHub sends'}` };
  }
  const { repository: told } = parsed.data;
  const owner = told.owner.login ?? told.owner.name;
  if (owner === undefined) return { kind: 'malformed', why: 'repository.owner.login: is missing' };
  return read(parsed.data, { host: 'github', owner, repository: told.name, delivery: id.data });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
