import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bitbucket } from '../../../../lib/push/hosts/bitbucket/bitbucket.ts';
import { A, B, C, NONE, webhook } from './webhooks.ts';

const UUID = 'd27b91e4-5f08-4c3a-b6d1-90e84a7f2c53';
const origin = { host: 'bitbucket', owner: 'acme', repository: 'web' };

function read(name: string, change: Record<string, unknown> = {}) {
  const { headers, payload } = webhook(`bitbucket/${name}`);
  return bitbucket.read(headers, JSON.stringify({ ...payload, ...change }));
}

describe('an event of Bitbucket', () => {
  test.each([
    ['push', 'refs/heads/main', A, B],
    ['push-of-many-commits', 'refs/heads/main', A, B],
    ['force-push', 'refs/heads/main', B, C],
    ['branch-deleted', 'refs/heads/feature/blue', C, NONE],
    ['tag-deleted', 'refs/tags/v1.2.0', B, NONE],
  ])('%s is read', (name, ref, before, after) => {
    expect(read(name)).toEqual({
      kind: 'push',
      updates: [{ ...origin, ref, before, after, delivery: UUID }],
    });
  });

  test('may tell of several refs, each with an id of its own that stays the same', () => {
    const updates = [
      { ref: 'refs/heads/main', before: A, after: B, delivery: UUID },
      { ref: 'refs/heads/feature/blue', before: NONE, after: C, delivery: `${UUID}-2` },
      { ref: 'refs/heads/old', before: A, after: NONE, delivery: `${UUID}-3` },
      { ref: 'refs/tags/v1.2.0', before: NONE, after: B, delivery: `${UUID}-4` },
    ];
    const expected = { kind: 'push', updates: updates.map((update) => ({ ...origin, ...update })) };
    expect(read('push-of-several-refs')).toEqual(expected);
    expect(read('push-of-several-refs')).toEqual(expected);
  });

  test.each(['push-of-nothing', 'pull-request'])('%s is nothing to us', (name) => {
    expect(read(name).kind).toBe('other');
  });

  test.each(['data-center-push', 'data-center-ping'])('%s is refused by name', (name) => {
    expect(read(name)).toMatchObject({ kind: 'malformed', why: expect.stringContaining('Data Center') });
  });

  test.each([
    ['push', { push: {} }],
    ['push.changes.0', { push: { changes: [{ new: null, old: null }] } }],
    [
      'push.changes.0.new.name',
      { push: { changes: [{ new: { type: 'branch', name: 'a b', target: { hash: A } } }] } },
    ],
    [
      'push.changes.0.new.target.hash',
      { push: { changes: [{ new: { type: 'branch', name: 'a', target: { hash: '..' } } }] } },
    ],
    ['repository.full_name', { repository: { full_name: 'web' } }],
    ['repository.full_name', { repository: { full_name: '../web' } }],
    ['repository.full_name', { repository: { full_name: 'acme/..' } }],
    ['repository.full_name', { repository: { full_name: 'acme/web/x' } }],
  ])('whose %s is wrong is malformed', (field, change) => {
    expect(read('push', change)).toMatchObject({ kind: 'malformed', why: expect.stringContaining(field) });
  });

  test('without its id is malformed', () => {
    const { headers, body } = webhook('bitbucket/push');
    expect(bitbucket.read({ ...headers, 'x-request-uuid': undefined }, body).kind).toBe('malformed');
  });
});

describe("Bitbucket's signature", () => {
  test("the example of Bitbucket's documentation is accepted", async () => {
    const headers = {
      'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9',
    };
    expect(await bitbucket.signedBy(["It's a Secret to Everybody"], headers, 'Hello World!')).toBe(true);
  });

  test('of the current and the previous secret is accepted, of no other', async () => {
    const { body } = webhook('bitbucket/push');
    const by = (secret: string) => ({
      'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    });
    expect(await bitbucket.signedBy(['new', 'old'], by('new'), body)).toBe(true);
    expect(await bitbucket.signedBy(['new', 'old'], by('old'), body)).toBe(true);
    expect(await bitbucket.signedBy(['new', 'old'], by('older'), body)).toBe(false);
    expect(await bitbucket.signedBy(['new'], by('new'), `${body} `)).toBe(false);
    expect(await bitbucket.signedBy([''], by(''), body)).toBe(false);
    const sha1 = { 'x-hub-signature': `sha1=${createHmac('sha1', 'new').update(body).digest('hex')}` };
    expect(await bitbucket.signedBy(['new'], sha1, body)).toBe(false);
    expect(await bitbucket.signedBy(['new'], {}, body)).toBe(false);
  });
});
