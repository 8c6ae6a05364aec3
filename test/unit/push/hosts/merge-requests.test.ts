import { expect, test } from 'vitest';
import { decide } from '../../../../lib/push/decide.ts';
import { decidePull } from '../../../../lib/push/decide-pull.ts';
import { gitlab } from '../../../../lib/push/hosts/gitlab/gitlab.ts';
import { ANY_APP, type Deploys } from '../../../../lib/push/installation.ts';
import { NO_PREVIEWS, type Previews } from '../../../../lib/push/previews.ts';
import type { PullUpdate, RefUpdate } from '../../../../lib/push/types.ts';
import { C, webhook } from './webhooks.ts';

const mode = (of: Previews['of'], branches = ['**']): Deploys => ({
  ...ANY_APP,
  others: { ...ANY_APP.others, previews: { ...NO_PREVIEWS, of, branches } },
});

function mergeRequest(name: string): PullUpdate {
  const { headers, body } = webhook(`gitlab/merge-request-${name}`);
  const said = gitlab.read(headers, body);
  if (said.kind !== 'pull-request') throw new Error(`${name} is ${said.kind}`);
  return said.update;
}

const decided = (name: string, deploys: Deploys) => decidePull(mergeRequest(name), deploys);

test('a label on a merge request makes the preview that the patterns leave out', () => {
  const push = { branch: 'feature/blue', after: C, app: 'web', host: 'gitlab', owner: 'acme/retail' };
  expect(decided('labelled', mode('branches', ['none/*']))).toMatchObject({ do: 'deploy', push });
  expect(decided('opened', mode('branches', ['none/*'])).do).toBe('ignore');
  expect(decided('merged', mode('branches')).do).toBe('ignore');
});

test('a merge request of a fork is never built, nor looked at', () => {
  for (const of of ['branches', 'pull-requests'] as const)
    expect(decided('of-a-fork', mode(of)).do).toBe('ignore');
  expect(decided('of-a-fork', mode('branches'))).toMatchObject({ why: expect.stringContaining('GitLab') });
});

test('previews of pull requests are none where Fairlead cannot follow them', () => {
  expect(decided('opened', mode('pull-requests'))).toMatchObject({
    do: 'ignore',
    why: 'there are no previews',
  });
  const { headers, body } = webhook('gitlab/branch-created');
  const said = gitlab.read(headers, body.replaceAll('blue#1', 'blue'));
  const [update] = said.kind === 'push' ? said.updates : [];
  expect(decide(update as RefUpdate, mode('pull-requests')).do).toBe('ignore');
  expect(decide(update as RefUpdate, mode('branches'))).toMatchObject({
    do: 'deploy',
    push: { branch: 'feature/blue' },
  });
});
