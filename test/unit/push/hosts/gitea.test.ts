import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gitea } from '../../../../lib/push/hosts/gitea/gitea.ts';
import { A, B, C, NONE, webhook } from './webhooks.ts';

const sent = {
  host: 'gitea',
  owner: 'acme',
  repository: 'web',
  delivery: 'f3a91c07-5be8-4d62-90f4-e1a7c6b2d835',
};

function read(name: string, change: Record<string, unknown> = {}) {
  const { headers, payload } = webhook(`gitea/${name}`);
  return gitea.read(headers, JSON.stringify({ ...payload, ...change }));
}

describe('an event of Gitea', () => {
  test.each([
    ['push', 'refs/heads/main', A, B],
    ['push-from-forgejo', 'refs/heads/main', A, B],
    ['push-of-many-commits', 'refs/heads/main', A, B],
    ['branch-created', 'refs/heads/feature/blue', NONE, C],
    ['tag', 'refs/tags/v1.2.0', NONE, B],
    ['test-delivery', 'refs/heads/main', B, B],
    ['branch-deleted', 'refs/heads/feature/blue', NONE, NONE],
    ['tag-deleted', 'refs/tags/v1.2.0', NONE, NONE],
  ])('%s is read', (name, ref, before, after) => {
    expect(read(name)).toEqual({ kind: 'push', updates: [{ ...sent, ref, before, after }] });
  });

  test.each(['create', 'pull-request', 'pull-request-label'])('%s is nothing to us', (name) => {
    expect(read(name).kind).toBe('other');
  });

  test('from a Forgejo that sends its own headers alone is read', () => {
    const { headers, body } = webhook('gitea/push-from-forgejo');
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-gitea')));
    expect(gitea.speaks(own)).toBe(true);
    expect(gitea.read(own, body)).toMatchObject({ kind: 'push', updates: [sent] });
  });

  test.each([
    ['ref', { ref: 'main' }],
    ['after', { after: 'x' }],
    ['repository.name', { repository: { name: '..', owner: { login: 'acme' } } }],
    ['repository.owner.login', { repository: { name: 'web', owner: { login: 'a/b' } } }],
  ])('whose %s is wrong is malformed', (field, change) => {
    expect(read('push', change)).toMatchObject({ kind: 'malformed', why: expect.stringContaining(field) });
  });

  test('without its id is malformed', () => {
    const { headers, body } = webhook('gitea/push');
    expect(gitea.read({ ...headers, 'x-gitea-delivery': undefined }, body).kind).toBe('malformed');
  });
});

test('Gitea signs in bare hexadecimal, by the current or the previous secret', async () => {
  const { body } = webhook('gitea/push');
  const hex = (secret: string) => createHmac('sha256', secret).update(body).digest('hex');
  const by = (secret: string) => ({ 'x-gitea-signature': hex(secret) });
  expect(await gitea.signedBy(['new', 'old'], by('new'), body)).toBe(true);
  expect(await gitea.signedBy(['new', 'old'], by('old'), body)).toBe(true);
  expect(await gitea.signedBy(['new'], { 'x-forgejo-signature': hex('new') }, body)).toBe(true);
  expect(await gitea.signedBy(['new', 'old'], by('older'), body)).toBe(false);
  expect(await gitea.signedBy(['new'], by('new'), `${body} `)).toBe(false);
  // Without a secret it sends an empty signature.
  expect(await gitea.signedBy(['new', ''], { 'x-gitea-signature': '' }, body)).toBe(false);
  expect(await gitea.signedBy(['new'], { 'x-hub-signature-256': `sha256=${hex('new')}` }, body)).toBe(false);
  expect(await gitea.signedBy(['new'], {}, body)).toBe(false);
});
