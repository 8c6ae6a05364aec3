import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitbucket } from '../../../../lib/push/hosts/bitbucket/bitbucket.ts';
import { gitea } from '../../../../lib/push/hosts/gitea/gitea.ts';
import { github } from '../../../../lib/push/hosts/github/github.ts';
import { gitlab } from '../../../../lib/push/hosts/gitlab/gitlab.ts';
import { hostOf } from '../../../../lib/push/hosts.ts';
import { webhook, webhookNames } from './webhooks.ts';

const hosts = [github, gitlab, bitbucket, gitea];

describe('a webhook', () => {
  test.each(webhookNames())('%s is told from those of other hosts, and is read', (name) => {
    const { headers, body } = webhook(name);
    const host = hostOf(headers);
    expect(host?.kind).toBe(name.split('/')[0]);
    const malformed = name.includes('data-center');
    expect(host?.read(headers, body).kind === 'malformed').toBe(malformed);
  });

  test('of nobody we know is nobody’s', () => {
    expect(hostOf({ 'user-agent': 'curl/8.5.0', 'content-type': 'application/json' })).toBeUndefined();
  });

  test('of a repository that was renamed says nothing that a push would not', () => {
    const { headers, body } = webhook('github/repository-renamed');
    expect(github.read(headers, body)).toEqual({ kind: 'other', event: 'repository' });
  });

  test('is never more than malformed, whatever is in it', () => {
    const value = fc.anything({ maxDepth: 3, withNullPrototype: false });
    fc.assert(
      fc.property(fc.constantFrom(...webhookNames()), fc.string(), value, (name, field, replaced) => {
        const { headers, payload } = webhook(name);
        const names = [...Object.keys(payload), field];
        for (const changed of names) {
          const body = JSON.stringify({ ...payload, [changed]: replaced }, (_, one) =>
            typeof one === 'bigint' ? Number(one) : one,
          );
          const host = hostOf(headers);
          expect(host?.read(headers, body ?? '').kind).toMatch(
            /^(push|pull-request|word|ping|other|malformed)$/,
          );
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the secret of one host', () => {
  const secret = 'the secret of the host that sends it';
  const body = webhook('github/push').body;
  const hex = createHmac('sha256', secret).update(body).digest('hex');
  const now = Date.now();
  const timestamp = String(Math.floor(now / 1000));
  const base64 = createHmac('sha256', secret).update(`id.${timestamp}.${body}`).digest('base64');
  const everySignature = {
    'x-hub-signature': `sha256=${hex}`,
    'x-hub-signature-256': `sha256=${hex}`,
    'x-gitea-signature': hex,
    'x-gitlab-token': secret,
    'webhook-id': 'id',
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${base64}`,
  };

  test.each(hosts.map((host) => [host.kind, host] as const))(
    'is good for %s, and an event that it signs for no other',
    async (_, host) => {
      expect(await host.signedBy([secret], everySignature, body, now)).toBe(true);
      expect(await host.signedBy(['the secret of this one'], everySignature, body, now)).toBe(false);
    },
  );

  test('of Gitea opens nothing that says it comes from GitHub', () => {
    // Its events carry GitHub's headers: it is by those of its own that they are known.
    const { headers } = webhook('gitea/push');
    expect(headers['x-github-event']).toBe('push');
    expect(hostOf(headers)).toBe(gitea);
    const disguised = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !name.startsWith('x-gitea')),
    );
    expect(hostOf(disguised)).toBe(github);
  });
});
