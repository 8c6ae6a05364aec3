import { describe, expect, test } from 'vitest';
import type { FairleadError } from '../../../lib/errors.ts';
import { RepositoryWebhooks } from '../../../lib/source/webhooks/of-repository.ts';
import { type Answer, type Asked, hostServer } from './hosts/host-server.ts';

const WEB = { owner: 'acme', name: 'web' };
const SECRET = 'never-told';
const WANTED = { url: 'https://hook.example/', events: ['push'] };
const KINDS = ['github', 'gitlab', 'gitea', 'bitbucket'] as const;
type Kind = (typeof KINDS)[number];

const of = (kind: Kind, apiUrl: string) => new RepositoryWebhooks(kind, { apiUrl, token: 't0ken' }, WEB);

/** A host with no webhook, that answers `answer` to whoever makes one. */
const empty = (kind: Kind, answer: Answer) => (asked: Asked) =>
  asked.method === 'GET' ? { body: kind === 'bitbucket' ? { values: [] } : [] } : answer;

async function thrown(act: Promise<unknown>): Promise<FairleadError> {
  return await act.then(
    () => Promise.reject(new Error('it was let')),
    (error: FairleadError) => error,
  );
}

describe.each(KINDS)('a token on %s', (kind) => {
  test.each([401, 403, 404])('that may not look (%i) is told what it lacks', async (status) => {
    await using host = await hostServer(() => ({ status, body: { message: 'no' } }));
    const error = await thrown(of(kind, host.url).plan(WANTED));
    expect(error).toMatchObject({ code: 'webhook/not-allowed' });
    expect(error.fault.cause).toContain(`(${status})`);
    expect(error.fault.remedy).toMatch(/^it needs (Webhooks|the scope)/);
    expect(host.asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('that may look and not write is told so, without the secret', async () => {
    await using host = await hostServer(empty(kind, { status: 403, body: { message: 'no' } }));
    const error = await thrown(of(kind, host.url).carryOut({ is: 'make' }, WANTED, SECRET));
    expect(error).toMatchObject({ code: 'webhook/not-allowed' });
    expect(JSON.stringify([error.message, error.fault])).not.toMatch(/never-told|t0ken/);
  });

  test('has nothing made twice: one whose answer is lost is not tried again', async () => {
    await using host = await hostServer(empty(kind, { status: 502 }));
    expect(await thrown(of(kind, host.url).carryOut({ is: 'make' }, WANTED, SECRET))).toMatchObject({
      code: 'source/unreachable',
    });
    expect(host.asked.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('takes no secret to where another host leads', async () => {
    await using other = await hostServer(() => ({ body: {} }));
    const location = `${other.url}/elsewhere`;
    await using host = await hostServer(empty(kind, { status: 307, headers: { location } }));
    expect(await thrown(of(kind, host.url).carryOut({ is: 'make' }, WANTED, SECRET))).toMatchObject({
      code: 'source/bad-redirect',
    });
    expect(other.asked).toEqual([]);
  });
});

describe('GitLab’s own signing token', () => {
  const SIGNING = 'whsec_c2VjcmV0';

  test('is entered as one', async () => {
    const made = { id: 7, url: WANTED.url, signing_token_present: true };
    await using host = await hostServer(empty('gitlab', { status: 201, body: made }));
    await of('gitlab', host.url).carryOut({ is: 'make' }, WANTED, SIGNING);
    const body = JSON.parse(host.asked.at(-1)?.body ?? '');
    expect(body).toMatchObject({ signing_token: SIGNING });
    expect(body).not.toHaveProperty('token');
  });

  test('that a GitLab of before ignores is left to a person', async () => {
    await using host = await hostServer(empty('gitlab', { status: 201, body: { id: 7, url: WANTED.url } }));
    const error = await thrown(of('gitlab', host.url).carryOut({ is: 'make' }, WANTED, SIGNING));
    expect(error).toMatchObject({ code: 'webhook/not-taken' });
    expect(error.message).not.toContain(SIGNING);
  });
});

test('GitLab tries one again that it has turned off', async () => {
  const hook = { id: 7, url: WANTED.url, push_events: true, alert_status: 'disabled' };
  await using host = await hostServer(({ method }) => ({ body: method === 'GET' ? [hook] : hook }));
  const webhooks = of('gitlab', host.url);
  const wanted = { ...WANTED, events: ['push_events'] };
  const plan = await webhooks.plan(wanted);
  expect(plan).toMatchObject({ is: 'mend', faults: ['it was switched off'] });
  await webhooks.carryOut(plan, wanted, SECRET);
  expect(host.asked.at(-1)).toMatchObject({
    method: 'POST',
    url: '/projects/acme%2Fweb/hooks/7/test/push_events',
  });
});

test('what Gitea sends to a chat at the same URL is not ours', async () => {
  const chat = { id: 7, type: 'slack', active: true, events: ['push'], config: { url: WANTED.url } };
  await using host = await hostServer(() => ({ headers: { 'x-total-count': '1' }, body: [chat] }));
  expect(await of('gitea', host.url).plan(WANTED)).toEqual({ is: 'make' });
});
