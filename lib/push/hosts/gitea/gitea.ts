import type { Host } from '../../types.ts';
import { isSigned } from '../signature.ts';
import { readDelete, readPush } from './push.ts';

/**
 * Gitea and Forgejo (docs.gitea.com, "Webhooks"). They also send GitHub's headers: what carries theirs is never taken
 * for GitHub's.
 */
export const gitea: Host = {
  kind: 'gitea',
  speaks: (headers) => headers['x-gitea-event'] !== undefined || headers['x-forgejo-event'] !== undefined,

  async signedBy(secrets, headers, body) {
    const signature = headers['x-gitea-signature'] ?? headers['x-forgejo-signature'];
    return isSigned(body, secrets, signature ?? '', 'hex');
  },

  read(headers, body) {
    const event = headers['x-gitea-event'] ?? headers['x-forgejo-event'] ?? '';
    switch (event) {
      case 'push':
        return readPush(headers, body);
      case 'delete':
        return readDelete(headers, body);
      default:
        // Also `create`: a push is told of beside it.
        return { kind: 'other', event };
    }
  },
};
