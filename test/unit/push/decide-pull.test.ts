import { describe, expect, test } from 'vitest';
import { decidePull, decideWord } from '../../../lib/push/decide-pull.ts';
import { ANY_APP, type Deploys } from '../../../lib/push/installation.ts';
import { NO_PREVIEWS, type Previews } from '../../../lib/push/previews.ts';
import type { PullUpdate, Spoken } from '../../../lib/push/types.ts';
import { speakersOf, wordFor, wordIn } from '../../../lib/push/word.ts';

const SHA = 'a'.repeat(40);
const origin = { host: 'github', owner: 'acme', repository: 'Web' } as const;
const update: PullUpdate = {
  ...origin,
  action: 'opened',
  number: 7,
  head: { commit: SHA, branch: 'blue', from: 'branch' },
  delivery: 'd-7',
};
const fork: PullUpdate = { ...update, head: { commit: SHA, branch: 'main', from: 'fork' } };
const mode = (of: Previews['of'], branches = ['**']): Deploys => ({
  ...ANY_APP,
  others: { ...ANY_APP.others, previews: { ...NO_PREVIEWS, of, branches } },
});
const pulls = mode('pull-requests');

describe('a pull request of a branch', () => {
  test.each(['opened', 'reopened', 'synchronize'])('that is %s is deployed to its preview', (action) => {
    expect(decidePull({ ...update, action }, pulls)).toEqual({
      do: 'deploy',
      push: {
        ...origin,
        ref: 'refs/heads/blue',
        before: '0'.repeat(40),
        after: SHA,
        delivery: 'd-7',
        app: 'web',
        branch: 'blue',
        environment: { name: 'preview-blue', namespace: 'web--blue' },
        pullRequest: 7,
      },
    });
  });

  test('that is closed loses it, unless one of its branch is open', () => {
    expect(decidePull({ ...update, action: 'closed' }, pulls)).toMatchObject({
      do: 'remove',
      remove: {
        environment: { name: 'preview-blue' },
        reason: 'pull request 7 was closed',
        unless: { ...origin, pullsOf: 'blue' },
      },
    });
  });

  test('where branches get previews it only has the address told: pushes come by themselves', () => {
    const branches = mode('branches');
    expect(decidePull(update, branches).do).toBe('deploy');
    expect(decidePull({ ...update, action: 'synchronize' }, branches).do).toBe('ignore');
    expect(decidePull({ ...update, action: 'closed' }, branches).do).toBe('ignore');
  });

  test('of production, or of a branch that gets none, is left', () => {
    const ofMain = { ...update, head: { ...update.head, branch: 'main' } };
    expect(decidePull(ofMain, pulls)).toMatchObject({ do: 'ignore', why: 'main is production' });
    expect(decidePull(update, mode('pull-requests', ['feature/*'])).do).toBe('ignore');
  });

  test('a label asks for what the patterns leave out; another label for nothing', () => {
    const some = mode('pull-requests', ['feature/*']);
    const labeled = { ...update, action: 'labeled' };
    expect(decidePull({ ...labeled, label: 'preview' }, some).do).toBe('deploy');
    expect(decidePull({ ...labeled, label: 'bug' }, some).do).toBe('ignore');
  });
});

describe('a pull request of a fork', () => {
  test.each(['opened', 'reopened', 'synchronize', 'labeled', 'closed', 'edited'])(
    'that is %s is never deployed from what the event says',
    (action) => {
      for (const of of ['off', 'branches', 'pull-requests'] as const)
        expect(decidePull({ ...fork, action, label: 'preview' }, mode(of)).do).not.toBe('deploy');
    },
  );

  test('is looked at, so that people are told what it waits for', () => {
    expect(decidePull(fork, pulls)).toEqual({
      do: 'look',
      look: { do: 'look-at-pull', ...origin, number: 7, delivery: 'd-7' },
    });
  });

  test('that is closed loses its own preview, not that of a branch called alike', () => {
    expect(decidePull({ ...fork, action: 'closed' }, pulls)).toMatchObject({
      do: 'remove',
      remove: { environment: { name: 'preview-pr-7' }, unless: { pullRequest: 7 } },
    });
  });
});

describe('a word', () => {
  const spoken: Spoken = {
    ...origin,
    number: 7,
    word: { commit: SHA },
    by: 'ann',
    association: 'MEMBER',
    delivery: 'd-8',
  };

  test.each(['OWNER', 'MEMBER', 'COLLABORATOR'])('of somebody who is %s is heard', (association) => {
    expect(decideWord({ ...spoken, association }, pulls)).toEqual({
      do: 'look',
      look: { do: 'look-at-pull', ...origin, number: 7, word: { commit: SHA, by: 'ann' }, delivery: 'd-8' },
    });
  });

  test.each(['CONTRIBUTOR', 'FIRST_TIMER', 'FIRST_TIME_CONTRIBUTOR', 'MANNEQUIN', 'NONE', '', 'owner'])(
    'of somebody who is %s is not',
    (association) => {
      expect(decideWord({ ...spoken, association }, pulls).do).toBe('ignore');
    },
  );

  test('is not heard where there are no previews', () => {
    expect(decideWord(spoken, mode('off')).do).toBe('ignore');
  });

  test.each([
    [wordFor(SHA), { commit: SHA }],
    [`\n  ${wordFor(SHA)}  \r\nthank you`, { commit: SHA }],
    ['/fairlead preview', {}],
    [`> ${wordFor(SHA)}`, undefined],
    [`please:\n${wordFor(SHA)}`, undefined],
    [`\`${wordFor(SHA)}\``, undefined],
    [`/fairlead preview ${SHA.slice(0, 12)}`, undefined],
    [`/fairlead preview ${SHA} now`, undefined],
    ['/fairlead previews', undefined],
    ['', undefined],
  ])('in %j', (comment, word) => {
    expect(wordIn(comment)).toEqual(word);
  });
});

describe('who is asked whether theirs counts', () => {
  const said = (by: string, association: string, body = wordFor(SHA)) => ({
    by,
    association,
    body,
    bot: false,
  });

  test('is whoever has said it, those first whom the host calls trusted', () => {
    const comments = [said('eve', 'NONE'), said('ann', 'MEMBER'), said('bob', 'OWNER'), said('eve', 'NONE')];
    expect(speakersOf(comments, SHA)).toEqual(['ann', 'bob', 'eve']);
  });

  test('is nobody who spoke of another commit, or of something else, and no program', () => {
    const comments = [
      said('ann', 'OWNER', wordFor('b'.repeat(40))),
      said('bob', 'OWNER', 'looks good'),
      { ...said('robot', 'OWNER'), bot: true },
    ];
    expect(speakersOf(comments, SHA)).toEqual([]);
  });

  test('is not every stranger, however many there are, and the newest of them', () => {
    const crowd = Array.from({ length: 100 }, (_, index) => said(`eve${index}`, 'NONE'));
    const asked = speakersOf([said('ann', 'OWNER'), ...crowd], SHA);
    expect(asked).toHaveLength(6);
    expect(asked[0]).toBe('ann');
    expect(asked.at(-1)).toBe('eve99');
  });
});
