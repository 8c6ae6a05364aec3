import * as z from 'zod/mini';
import type { Headers, HostEvent } from '../../types.ts';
import { wordIn } from '../../word.ts';
import { number } from '../fields.ts';
import { readPayload, repository } from './payload.ts';

const commentPayload = z.object({
  action: z.string(),
  // An issue has no `pull_request`.
  issue: z.object({ number, pull_request: z.optional(z.unknown()) }),
  comment: z.object({
    body: z.string(),
    author_association: z.string(),
    user: z.nullish(z.object({ login: z.string() })),
  }),
  repository,
});

/** Only a comment that was just written: who changed one later is not told. */
export function readComment(headers: Headers, body: string): HostEvent {
  return readPayload(commentPayload, headers, body, ({ action, issue, comment }, sent) => {
    const word = wordIn(comment.body);
    if (action !== 'created' || issue.pull_request === undefined || word === undefined)
      return { kind: 'other', event: 'issue_comment' };
    return {
      kind: 'word',
      spoken: {
        ...sent,
        number: issue.number,
        word,
        by: comment.user?.login ?? 'somebody who is gone',
        association: comment.author_association,
      },
    };
  });
}
