import * as z from 'zod/mini';
import { ask, nameOf } from '../ask.ts';
import type { Api } from '../request.ts';
import type { Asked, Comment, Repository } from '../types.ts';
import { askAll, pathOf } from './api.ts';

const comment = z.object({
  id: z.int(),
  body: z.nullish(z.string()),
  author_association: z.string(),
  user: z.nullish(z.object({ login: z.string(), type: z.optional(z.string()) })),
});

/** All comments of a pull request, the oldest first ("Issues", List issue comments). */
export async function comments(api: Api, repository: Repository, number: number): Promise<Asked<Comment[]>> {
  const operation = `reading the comments of pull request ${number} of ${nameOf(repository)}`;
  const path = `${pathOf(repository)}/issues/${number}/comments`;
  const told = await askAll(api, { path, operation }, comment);
  if (told.is === 'absent') return told;
  const value = told.value.map(({ id, body, author_association: association, user }) => ({
    id,
    body: body ?? '',
    by: user?.login ?? 'somebody who is gone',
    association,
    bot: user?.type === 'Bot',
  }));
  return { is: 'found', value };
}

/** By which a comment of ours is found again; not shown. */
const MARK = '<!-- fairlead -->';

/** Who may write as we do: anybody can put a mark. */
const OURS = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);

/**
 * Says something below a pull request: in the one comment that is ours, which is changed when there is one. `written`
 * where that is news.
 * @throws FairleadError `source/refused`, and what {@link request} throws
 */
export async function say(
  api: Api,
  repository: Repository,
  number: number,
  text: string,
): Promise<'written' | 'said before' | 'absent'> {
  const there = await comments(api, repository, number);
  if (there.is === 'absent') return 'absent';
  const body = `${MARK}\n${text}`;
  const ours = there.value.find((one) => one.body.startsWith(MARK) && (one.bot || OURS.has(one.association)));
  // GitHub gives back line ends as it likes.
  if (ours?.body.replaceAll('\r\n', '\n').trim() === body.trim()) return 'said before';
  const operation = `writing to pull request ${number} of ${nameOf(repository)}`;
  const path = `${pathOf(repository)}/issues`;
  const written = await ask(
    api,
    ours === undefined
      ? // Not tried again by itself: it may have been written all the same, and would be there twice.
        { method: 'POST', path: `${path}/${number}/comments`, operation, attempts: 1, body: { body } }
      : { method: 'PATCH', path: `${path}/comments/${ours.id}`, operation, body: { body } },
    z.object({ id: z.int() }),
  );
  return written.is === 'absent' ? 'absent' : 'written';
}
