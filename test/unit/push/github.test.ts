import { sign } from '@octokit/webhooks-methods';
import type { PushEvent } from '@octokit/webhooks-types';
import { describe, expect, test } from 'vitest';
import { github } from '../../../lib/push/hosts/github/github.ts';
import { hostOf } from '../../../lib/push/hosts.ts';

type Sent = Pick<PushEvent, 'ref' | 'before' | 'after'> & { repository: unknown };

const payload: Sent = {
  ref: 'refs/heads/main',
  before: '1'.repeat(40),
  after: '2'.repeat(40),
  repository: { name: 'web', full_name: 'acme/web', owner: { login: 'acme', name: 'acme' } },
};
const headers = { 'x-github-event': 'push', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' };

function read(change: Record<string, unknown>) {
  return github.read(headers, JSON.stringify({ ...payload, ...change }));
}

describe('a push from GitHub', () => {
  test('is read', () => {
    expect(read({ pusher: 'anything else' })).toEqual({
      kind: 'push',
      updates: [
        {
          host: 'github',
          owner: 'acme',
          repository: 'web',
          ref: 'refs/heads/main',
          before: '1'.repeat(40),
          after: '2'.repeat(40),
          delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        },
      ],
    });
  });

  test('of a repository with SHA-256 object ids is read', () => {
    expect(read({ after: 'b'.repeat(64) })).toMatchObject({
      kind: 'push',
      updates: [{ after: 'b'.repeat(64) }],
    });
  });

  test.each([
    ['ref', { ref: 'main' }],
    ['ref', { ref: 'refs/heads/' }],
    ['ref', { ref: 'refs/heads/../../../user' }],
    ['ref', { ref: 'refs/heads/a\nb' }],
    ['ref', { ref: 'refs/heads/a.lock' }],
    ['ref', { ref: `refs/heads/${'x'.repeat(1024)}` }],
    ['repository.name', { repository: { name: '..', owner: { login: 'acme' } } }],
    ['after', { after: 'abc' }],
    ['after', { after: `${'2'.repeat(40)}\n` }],
    ['before', { before: undefined }],
    ['repository.name', { repository: { name: '../etc', owner: { login: 'acme' } } }],
    ['repository.owner.login', { repository: { name: 'web', owner: {} } }],
  ])('with a wrong %s is malformed', (field, change) => {
    expect(read(change)).toMatchObject({ kind: 'malformed', why: expect.stringContaining(field) });
  });

  test.each(['feature/x', 'refs/heads/x', 'Größe-日本', 'a.b', 'x#y&z', "it's", '@', '-', 'x'.repeat(255)])(
    'of the branch %s is read',
    (branch) => {
      const ref = `refs/heads/${branch}`;
      expect(read({ ref })).toMatchObject({ kind: 'push', updates: [{ ref }] });
    },
  );

  test('that is no JSON, or names no delivery, is malformed', () => {
    expect(github.read(headers, 'payload=%7B%7D').kind).toBe('malformed');
    expect(github.read({ 'x-github-event': 'push' }, JSON.stringify(payload)).kind).toBe('malformed');
  });

  test('pings and other events are told apart', () => {
    expect(github.read({ 'x-github-event': 'ping' }, '{}')).toEqual({ kind: 'ping' });
    expect(github.read({ 'x-github-event': 'star' }, '{}')).toEqual({ kind: 'other', event: 'star' });
  });

  test('names its kind of host', () => {
    expect(hostOf(headers)).toBe(github);
    expect(hostOf({ 'user-agent': 'curl' })).toBeUndefined();
  });
});

describe("GitHub's signature", () => {
  const body = JSON.stringify(payload);
  const signed = async (secret: string) => ({ 'x-hub-signature-256': await sign(secret, body) });

  test("the example of GitHub's documentation is accepted", async () => {
    const example = {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    };
    expect(await github.signedBy(["It's a Secret to Everybody"], example, 'Hello, World!')).toBe(true);
  });

  test('of the current and of the previous secret is accepted, of no other', async () => {
    expect(await github.signedBy(['new', 'old'], await signed('new'), body)).toBe(true);
    expect(await github.signedBy(['new', 'old'], await signed('old'), body)).toBe(true);
    expect(await github.signedBy(['new', 'old'], await signed('older'), body)).toBe(false);
  });

  test('that is missing, or made with an empty secret, is not accepted', async () => {
    expect(await github.signedBy(['new'], {}, body)).toBe(false);
    expect(await github.signedBy(['', ''], await signed('new'), body)).toBe(false);
    expect(await github.signedBy([], await signed('new'), body)).toBe(false);
    expect(await github.signedBy(['new'], { 'x-hub-signature-256': 'sha256=' }, body)).toBe(false);
  });

  test('of another body is not accepted', async () => {
    expect(await github.signedBy(['new'], await signed('new'), `${body} `)).toBe(false);
  });
});
