import type { Host } from '../../types.ts';
import { isSigned } from '../signature.ts';
import { readPush } from './push.ts';

/**
 * Bitbucket Cloud (support.atlassian.com, "Manage webhooks", "Secure webhooks"; "Event payloads"). Bitbucket Data Center
 * speaks otherwise, in its events and its API, and is not supported.
 */
export const bitbucket: Host = {
  kind: 'bitbucket',
  speaks: (headers) => headers['x-event-key'] !== undefined,

  async signedBy(secrets, headers, body) {
    const [, signature] = /^sha256=([0-9a-f]{64})$/.exec(headers['x-hub-signature'] ?? '') ?? [];
    return isSigned(body, secrets, signature ?? '', 'hex');
  },

  read(headers, body) {
    const event = headers['x-event-key'] ?? '';
    if (event === 'repo:push') return readPush(headers, body);
    if (event === 'repo:refs_changed' || event.startsWith('diagnostics:'))
      return { kind: 'malformed', why: `${event} is of Bitbucket Data Center, which is not supported` };
    return { kind: 'other', event };
  },
};
