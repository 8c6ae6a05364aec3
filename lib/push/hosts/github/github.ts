import { verifyWithFallback } from '@octokit/webhooks-methods';
import type { Host } from '../../types.ts';
import { readComment } from './comment.ts';
import { readPull } from './pull.ts';
import { readDelete, readPush } from './push.ts';

/**
 * GitHub and GitHub Enterprise Server (docs.github.com, "Webhook events and payloads", headers, `push`, `delete`,
 * `pull_request` and `issue_comment`; "Validating webhook deliveries"). Of a payload only what is used is read.
 */
export const github: Host = {
  kind: 'github',
  speaks: (headers) => headers['x-github-event'] !== undefined,

  async signedBy(secrets, headers, body) {
    const signature = headers['x-hub-signature-256'];
    const [first, ...others] = secrets.filter((secret) => secret !== '');
    if (signature === undefined || signature === '' || body === '' || first === undefined) return false;
    return await verifyWithFallback(first, body, signature, others);
  },

  read(headers, body) {
    const event = headers['x-github-event'] ?? '';
    switch (event) {
      case 'ping':
        return { kind: 'ping' };
      case 'push':
        return readPush(headers, body);
      case 'delete':
        return readDelete(headers, body);
      case 'pull_request':
        return readPull(headers, body);
      case 'issue_comment':
        return readComment(headers, body);
      default:
        return { kind: 'other', event };
    }
  },
};
