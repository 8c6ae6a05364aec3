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
  const apps = repositories.map((repository) => ({ app: repository.repository, repository, ...rules }));
  return { apps, others: 'ignored' as const };
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
      {
        ...{ kind: 'github', webhookSecretId: 'one', repositories: ['acme/shop', 'acme/web'] },
        // The shop was pushed once, and is listed no more.
        deployed: [{ name: 'acme/web', previews: false }],
      },
      { kind: 'gitlab', webhookSecretId: 'two', repositories: ['a/b/c'], deployed: [] },
    ],
  });
});

test('every repository that was pushed is deployed where none is listed, with the previews of its host', async () => {
  const previews = { ...NO_PREVIEWS, of: 'pull-requests' as const };
  const pushed = [
    origin('github', 'acme', 'Shop'),
    origin('github', 'acme', 'shop'),
    origin('gitea', 'a', 'b'),
  ];
  const found = await webhooksOf(
    ledgerOf(...pushed),
    { apps: [], others: { environments: { production: 'main' }, previews } },
    {
      hosts: [
        { kind: 'github', webhookSecretId: 'one' },
        { kind: 'gitea', webhookSecretId: 'two' },
      ],
    },
  );
  expect(found.hosts.map(({ deployed }) => deployed)).toEqual([
    [{ name: 'acme/Shop', previews: true }],
    // Pull requests have previews on GitHub alone.
    [{ name: 'a/b', previews: false }],
  ]);
});
