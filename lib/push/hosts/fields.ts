import * as z from 'zod/mini';
import type { HostEvent } from '../types.ts';

// What every host's payloads have. Names go into paths of the host's API.

// SHA-1 or SHA-256 object ids (gitformat-hash, "Object names").
export const objectId = z.string().check(z.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'is not a full object id'));
export const name = z.string().check(z.regex(/^(?!\.{1,2}$)[\w.-]{1,100}$/, 'is not a name'));

/** What no ref has in its name (git-check-ref-format). */
const IN_NO_REF = /\.\.|@\{|\/\/|(^|\/)\.|[\0-\x20\x7f~^:?*[\\]|^\/|(\/|\.|\.lock)$/;

/** Of a branch or a tag, or a full name. */
export const refName = z.string().check(
  z.minLength(1),
  z.maxLength(1024),
  z.refine((ref) => !IN_NO_REF.test(ref), 'is not a name of a ref'),
);
export const fullRefName = refName.check(z.startsWith('refs/'));
export const number = z.int().check(z.positive());

const delivery = z.string().check(z.regex(/^[\x21-\x7e]{1,200}$/));

/** The first of `ids` that may be the id of an event. */
export function deliveryIn(...ids: readonly (string | undefined)[]): string | undefined {
  return ids.find((id) => delivery.safeParse(id).success);
}

/** Reads `body` by `schema`; or says which field is not as `host` sends it. */
export function readBody<T extends z.ZodMiniType>(
  schema: T,
  body: string,
  host: string,
  read: (payload: z.output<T>) => HostEvent,
): HostEvent {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return read(parsed.data);
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'the body';
  return { kind: 'malformed', why: `${field}: ${issue?.message ?? `is not what ${host} sends`}` };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
