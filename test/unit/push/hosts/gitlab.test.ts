import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gitlab } from '../../../../lib/push/hosts/gitlab/gitlab.ts';
import { A, B, C, NONE, webhook } from './webhooks.ts';

const KEY = '5b8a3e0c-9d1f-4c62-8e7b-2a60d4f1c935';
const sent = { host: 'gitlab', owner: 'acme/retail', repository: 'web', delivery: KEY };

function read(name: string, change: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const { headers: own, payload } = webhook(`gitlab/${name}`);
  return gitlab.read({ ...own, ...headers }, JSON.stringify({ ...payload, ...change }));
}

describe('an event of GitLab', () => {
  test.each([
    ['push', 'refs/heads/main', A, B],
    ['push-of-many-commits', 'refs/heads/main', A, B],
    ['branch-created', 'refs/heads/feature/blue#1', NONE, B],
    ['branch-deleted', 'refs/heads/feature/blue#1', B, NONE],
    ['tag', 'refs/tags/v1.2.0', NONE, B],
    ['tag-deleted', 'refs/tags/v1.2.0', B, NONE],
    ['system-push', 'refs/heads/main', A, B],
  ])('%s is read, of a project in a group of a group', (name, ref, before, after) => {
    expect(read(name)).toEqual({ kind: 'push', updates: [{ ...sent, ref, before, after }] });
  });

  test.each(['system-user', 'pipeline', 'merge-request-retitled'])('%s is nothing to us', (name) => {
    expect(read(name).kind).toBe('other');
  });

  test.each([
    [
      'merge-request-opened',
      { action: 'opened', head: { commit: C, branch: 'feature/blue', from: 'branch' } },
    ],
    ['merge-request-moved', { action: 'synchronize' }],
    ['merge-request-labelled', { action: 'labeled', label: 'preview' }],
    ['merge-request-merged', { action: 'closed' }],
    [
      'merge-request-of-a-fork',
      { action: 'opened', head: { commit: C, branch: 'feature/blue', from: 'fork' } },
    ],
  ])('%s is read', (name, update) => {
    expect(read(name)).toMatchObject({ kind: 'pull-request', update: { ...sent, number: 12, ...update } });
  });

  test('is known again by the id that is the same when it is sent again', () => {
    const of = (headers: Record<string, string>) => {
      const { body } = webhook('gitlab/push');
      const said = gitlab.read({ 'x-gitlab-event': 'Push Hook', ...headers }, body);
      return said.kind === 'push' ? said.updates[0].delivery : said.kind;
    };
    const [id, key, event] = ['msg_1', 'key-1', 'event-1'];
    expect(of({ 'x-gitlab-event-uuid': event })).toBe(event);
    expect(of({ 'x-gitlab-event-uuid': event, 'idempotency-key': key })).toBe(key);
    expect(of({ 'idempotency-key': key, 'webhook-id': id })).toBe(id);
    expect(of({})).toBe('malformed');
    expect(of({ 'idempotency-key': 'two words\n' })).toBe('malformed');
  });

  test.each([
    ['ref', { ref: 'main' }],
    ['ref', { ref: 'refs/heads/../../x' }],
    ['after', { after: 'HEAD' }],
    ['before', { before: B.slice(0, 8) }],
    ['project', { project: null }],
    ['project.path_with_namespace', { project: { path_with_namespace: 'web' } }],
    ['project.path_with_namespace', { project: { path_with_namespace: 'acme/../web' } }],
    ['project.path_with_namespace', { project: { path_with_namespace: 'acme/web?x' } }],
    ['project.path_with_namespace', { project: { path_with_namespace: 'acme/..' } }],
    ['project.path_with_namespace', { project: { path_with_namespace: `${'a/'.repeat(30)}web` } }],
  ])('whose %s is wrong is malformed', (field, change) => {
    const why = expect.stringMatching(new RegExp(`^${field.replaceAll('.', '\\.')}: `));
    expect(read('push', change)).toMatchObject({ kind: 'malformed', why });
  });
});

describe("GitLab's secret token", () => {
  const body = webhook('gitlab/push').body;
  const with_ = (token: string) => ({ 'x-gitlab-token': token });

  test('is the current or the previous one, and no other', async () => {
    expect(await gitlab.signedBy(['new', 'old'], with_('new'), body)).toBe(true);
    expect(await gitlab.signedBy(['new', 'old'], with_('old'), body)).toBe(true);
    expect(await gitlab.signedBy(['new', 'old'], with_('older'), body)).toBe(false);
    expect(await gitlab.signedBy(['new', 'old'], with_('ne'), body)).toBe(false);
  });

  test('has to be there, and may not be empty', async () => {
    expect(await gitlab.signedBy(['new'], {}, body)).toBe(false);
    expect(await gitlab.signedBy([''], with_(''), body)).toBe(false);
    expect(await gitlab.signedBy([''], {}, body)).toBe(false);
    expect(await gitlab.signedBy([], with_('new'), body)).toBe(false);
  });
});

describe("GitLab's signing token", () => {
  const body = webhook('gitlab/push').body;
  const now = 1_795_000_000_000;
  const secretOf = (key: string) => `whsec_${Buffer.from(key).toString('base64')}`;
  const [secret, previous] = [secretOf('a key of 32 bytes, as GitLab asks'), secretOf('the one before it')];

  function signed(by: string, { id = KEY, at = now, text = body } = {}) {
    const timestamp = String(Math.floor(at / 1000));
    const key = Buffer.from(by.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  }
  const accepts = (headers: Record<string, string>, secrets = [secret, previous], text = body) =>
    gitlab.signedBy(secrets, headers, text, now);

  test('signs with the current or the previous key, and no other', async () => {
    expect(await accepts(signed(secret))).toBe(true);
    expect(await accepts(signed(previous))).toBe(true);
    expect(await accepts(signed(secretOf('somebody else’s')))).toBe(false);
    const several = signed(secret);
    several['webhook-signature'] = `v1,AAAA v2,x ${several['webhook-signature']}`;
    expect(await accepts(several)).toBe(true);
  });

  test('signs the id, the time and the body', async () => {
    expect(await accepts({ ...signed(secret), 'webhook-id': 'another' })).toBe(false);
    const later = String(Math.floor(now / 1000) + 1);
    expect(await accepts({ ...signed(secret), 'webhook-timestamp': later })).toBe(false);
    expect(await accepts(signed(secret), [secret], `${body} `)).toBe(false);
  });

  test('is good for five minutes, by a clock that may go wrong in either way', async () => {
    for (const [seconds, accepted] of [
      [-301, false],
      [-299, true],
      [299, true],
      [302, false],
    ] as const)
      expect(await accepts(signed(secret, { at: now + seconds * 1000 }))).toBe(accepted);
    expect(await accepts({ ...signed(secret), 'webhook-timestamp': 'now' })).toBe(false);
  });

  test('is never taken as a secret token, nor a secret token as a key', async () => {
    expect(await accepts({ 'x-gitlab-token': secret })).toBe(false);
    expect(await accepts({ ...signed(secretOf('')), 'x-gitlab-token': '' }, ['plain', 'whsec_'])).toBe(false);
    const asKey = createHmac('sha256', 'plain')
      .update(`${KEY}.${now / 1000}.${body}`)
      .digest('base64');
    const headers = { ...signed(secret), 'webhook-signature': `v1,${asKey}` };
    expect(await accepts(headers, ['plain'])).toBe(false);
  });

  test('may be introduced while the secret token is still used', async () => {
    const headers = { 'x-gitlab-token': 'plain' };
    expect(await gitlab.signedBy([secret, 'plain'], headers, body, now)).toBe(true);
    expect(await gitlab.signedBy([secret], headers, body, now)).toBe(false);
  });
});
