import type { Headers, Host } from '../../types.ts';
import { isOneOf, isSigned } from '../signature.ts';
import { readMergeRequest } from './merge-request.ts';
import { readPush, readSystem } from './push.ts';

/** Seconds that a signed request may be old, or ahead of this clock: who has recorded one cannot send it for ever. */
const LONGEST_AGE = 300;

/** By which a signing token is told from a secret token; the key follows in Base64. */
const SIGNING_TOKEN = 'whsec_';

/**
 * GitLab.com and GitLab Self-Managed from 14.8 on (docs.gitlab.com, "Webhooks", "Webhook events"). A push of more than
 * three branches at once is told of by no event at all (`push_event_hooks_limit`): the sweep finds its heads.
 */
export const gitlab: Host = {
  kind: 'gitlab',
  speaks: (headers) => headers['x-gitlab-event'] !== undefined,

  async signedBy(secrets, headers, body, now = Date.now()) {
    const keys = secrets
      .filter((secret) => secret.startsWith(SIGNING_TOKEN))
      .map((secret) => Buffer.from(secret.slice(SIGNING_TOKEN.length), 'base64'));
    // A signing token is never shown: what comes as it is was no signature.
    const tokens = secrets.filter((secret) => !secret.startsWith(SIGNING_TOKEN));
    const { 'x-gitlab-token': token } = headers;
    return (keys.length > 0 && carriesSignature(keys, headers, body, now)) || isOneOf(tokens, token ?? '');
  },

  read(headers, body) {
    const event = headers['x-gitlab-event'] ?? '';
    switch (event) {
      case 'Push Hook':
      case 'Tag Push Hook':
        return readPush(headers, body);
      case 'Merge Request Hook':
        return readMergeRequest(headers, body);
      case 'System Hook':
        return readSystem(headers, body);
      default:
        return { kind: 'other', event };
    }
  },
};

/** The Standard Webhooks specification, "Signature scheme", which GitLab's signing tokens follow. */
function carriesSignature(keys: readonly Buffer[], headers: Headers, body: string, now: number): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (id === undefined || signatures === undefined || !/^\d{1,12}$/.test(timestamp ?? '')) return false;
  const signed = signatures
    .split(' ', 8)
    .filter((one) => one.startsWith('v1,'))
    .map((one) => isSigned(`${id}.${timestamp}.${body}`, keys, one.slice('v1,'.length), 'base64'));
  return signed.includes(true) && Math.abs(now / 1000 - Number(timestamp)) <= LONGEST_AGE;
}
