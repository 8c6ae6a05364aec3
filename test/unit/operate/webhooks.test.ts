import { expect, test } from 'vitest';
import { webhooksOf } from '../../../lib/operate/webhooks.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import type { Origin } from '../../../lib/push/types.ts';

const origin = (host: Origin['host'], owner: string, repository: string): Origin => ({
  host,
  owner,
  repository,
});

function deployed(...repositories: Origin[]) {
  const rules = { environments: { production: 'main' }, previews: NO_PREVIEWS };
  return { apps: repositories.map((repository) => ({ app: repository.repository, repository, ...rules })) };
}

function ledgerOf(...pushed: Origin[]) {
  return { environments: async () => pushed.map((push) => ({ push })) as never };
}

test('names the repositories of each host, of the configuration and of pushes, each once', async () => {
  const found = await webhooksOf(
    ledgerOf(origin('github', 'acme', 'shop'), origin('github', 'acme', 'web'), origin('gitlab', 'a/b', 'c')),
    deployed(origin('github', 'acme', 'web'), origin('codecommit', '', 'mail')),
    {
      url: 'https://hook.example',
      hosts: [
        { kind: 'github', webhookSecretId: 'one' },
        { kind: 'gitlab', webhookSecretId: 'two' },
      ],
    },
  );
  expect(found).toEqual({
    url: 'https://hook.example',
    hosts: [
      { kind: 'github', webhookSecretId: 'one', repositories: ['acme/shop', 'acme/web'] },
      { kind: 'gitlab', webhookSecretId: 'two', repositories: ['a/b/c'] },
    ],
  });
});
