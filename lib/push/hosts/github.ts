import { verifyWithFallback } from '@octokit/webhooks-methods';
import * as z from 'zod/mini';
import type { Headers, Host, HostEvent } from '../types.ts';

/**
 * GitHub and GitHub Enterprise Server (docs.github.com, "Webhook events and payloads", headers and `push`;
 * "Validating webhook deliveries"). Of the payload only what is used is read.
 */
export const github: Host = {
  name: 'GitHub',
  speaks: (headers) => headers['x-github-event'] !== undefined,

  async signedBy(secrets, headers, body) {
    const signature = headers['x-hub-signature-256'];
    const [first, ...others] = secrets.filter((secret) => secret !== '');
    if (signature === undefined || signature === '' || body === '' || first === undefined) return false;
    return await verifyWithFallback(first, body, signature, others);
  },

  read(headers, body) {
    const event = headers['x-github-event'] ?? '';
    if (event === 'ping') return { kind: 'ping' };
    return event === 'push' ? readPush(headers, body) : { kind: 'other', event };
  },
};

// SHA-1 or SHA-256 object ids (gitformat-hash, "Object names").
const objectId = z.string().check(z.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'is not a full object id'));
const name = z.string().check(z.regex(/^[\w.-]{1,100}$/, 'is not a name'));

const pushPayload = z.object({
  ref: z.string().check(z.startsWith('refs/'), z.maxLength(1024)),
  before: objectId,
  after: objectId,
  repository: z.object({ name, owner: z.object({ login: z.optional(name), name: z.optional(name) }) }),
});

const delivery = z.string().check(z.regex(/^[\x21-\x7e]{1,200}$/));

function readPush(headers: Headers, body: string): HostEvent {
  const id = delivery.safeParse(headers['x-github-delivery']);
  if (!id.success) return { kind: 'malformed', why: 'the header X-GitHub-Delivery is missing' };
  const parsed = pushPayload.safeParse(parseJson(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'the body';
    return { kind: 'malformed', why: `${field}: ${issue?.message ?? 'is not what GitHub sends'}` };
  }
  const { ref, before, after, repository } = parsed.data;
  const owner = repository.owner.login ?? repository.owner.name;
  if (owner === undefined) return { kind: 'malformed', why: 'repository.owner.login: is missing' };
  return {
    kind: 'push',
    update: { host: 'github', owner, repository: repository.name, ref, before, after, delivery: id.data },
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
