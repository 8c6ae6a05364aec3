import { describe, expect, test } from 'vitest';
import { hostOf } from '../../../../lib/push/hosts.ts';
import { eventsOf, RepositoryWebhooks } from '../../../../lib/source/webhooks/of-repository.ts';
import { BITBUCKET } from '../../../../local/git/dialects/bitbucket.ts';
import { GITEA } from '../../../../local/git/dialects/gitea.ts';
import { GITHUB } from '../../../../local/git/dialects/github.ts';
import { GITLAB } from '../../../../local/git/dialects/gitlab.ts';
import { git, hostForTests } from '../../local-git/host.ts';

type Body = Record<string, unknown>;

/** How somebody else makes a webhook there by hand, what they get wrong, and how the list is read. */
const KINDS = [
  {
    kind: 'github',
    dialect: GITHUB,
    owner: 'local',
    path: (name: string) => `/api/v3/repos/local/${name}/hooks`,
    make: (url: string): Body => ({ config: { url }, events: ['push', 'fork'], active: false }),
    faults: [/delete/, /switched off/, /sent form/, /no secret/],
    right: { active: true, config: { content_type: 'json', insecure_ssl: '0', secret: '********' } },
    list: (body: unknown) => body as Body[],
  },
  {
    kind: 'gitlab',
    dialect: GITLAB,
    owner: 'local/apps',
    path: (name: string) => `/api/v4/projects/local%2Fapps%2F${name}/hooks`,
    make: (url: string): Body => ({
      ...{ url, push_events: false, note_events: true, enable_ssl_verification: false },
      push_events_branch_filter: 'main',
    }),
    faults: [/push_events, merge_requests_events/, /certificate/, /of main alone/],
    right: {
      push_events: true,
      note_events: true,
      enable_ssl_verification: true,
      push_events_branch_filter: '',
    },
    list: (body: unknown) => body as Body[],
  },
  {
    kind: 'gitea',
    dialect: GITEA,
    owner: 'local',
    path: (name: string) => `/api/v1/repos/local/${name}/hooks`,
    make: (url: string): Body => ({
      ...{ type: 'gitea', config: { url, content_type: 'form' }, events: ['push', 'release'] },
      ...{ active: false, branch_filter: 'main', authorization_header: 'Bearer theirs' },
    }),
    faults: [/delete/, /switched off/, /sent form/, /of main alone/],
    right: {
      ...{ active: true, branch_filter: '', events: ['push', 'release', 'delete'] },
      authorization_header: 'Bearer theirs',
    },
    list: (body: unknown) => body as Body[],
  },
  {
    kind: 'bitbucket',
    dialect: BITBUCKET,
    owner: 'local',
    path: (name: string) => `/2.0/repositories/local/${name}/hooks`,
    make: (url: string): Body => ({
      ...{ url, description: 'mine', events: ['issue:created'], active: false },
      skip_cert_verification: true,
    }),
    faults: [/repo:push/, /switched off/, /certificate/, /no secret/],
    right: {
      ...{ active: true, description: 'mine', events: ['issue:created', 'repo:push'] },
      ...{ secret_set: true, skip_cert_verification: false },
    },
    list: (body: unknown) => (body as { values: Body[] }).values,
  },
] as const;

const SECRET = 'a-new-one';

/** The client of each host against the local host of that kind, which knows nothing of it. */
describe.each(KINDS)('webhooks on $kind', ({ kind, dialect, owner, path, make, faults, right, list }) => {
  const { url, host, hooks, arrived, workingCopy, hookUrl } = hostForTests({ dialect });
  const wanted = () => ({ url: hookUrl(), events: eventsOf(kind, true) ?? [] });
  const webhooksOf = (name: string, token = 'local') =>
    new RepositoryWebhooks(kind, { apiUrl: host().apiUrl, token }, { owner, name });

  /** As a person who administers the repository. */
  async function call(method: string, target: string, body?: Body): Promise<unknown> {
    const response = await fetch(`${url()}${target}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : await response.json();
  }
  const all = async (name: string) => list(await call('GET', `${path(name)}?per_page=100`));

  /** A repository with what is on its main, and without the webhook that the local host gives each. */
  async function bare(name: string): Promise<string> {
    const work = await workingCopy();
    await host().repository(name);
    const [first] = await all(name);
    const id = String(first?.uuid ?? first?.id);
    await call('DELETE', `${path(name)}/${encodeURIComponent(id)}`);
    return work;
  }

  /** What follows a push of `branch`, signed by `secret`. */
  async function heard(work: string, name: string, branch: string): Promise<string[]> {
    hooks.length = 0;
    await git(work, 'push', '-q', `${url()}/${name}.git`, `main:${branch}`);
    const refs: string[] = [];
    for (const { headers, text } of hooks) {
      const told = Object.fromEntries(
        Object.entries(headers).map(([header, value]) => [header, String(value)]),
      );
      const by = hostOf(told);
      expect(by?.kind).toBe(kind);
      expect(await by?.signedBy([SECRET], told, text)).toBe(true);
      const said = by?.read(told, text);
      if (said?.kind === 'push') refs.push(...said.updates.map(({ ref }) => ref));
    }
    return refs;
  }

  test('one is made where there is none; a push is told by it, signed; the next time it is as it was', async () => {
    const work = await bare('made');
    expect(await heard(work, 'made', 'before')).toEqual([]);
    const webhooks = webhooksOf('made');
    const plan = await webhooks.plan(wanted());
    expect(plan).toEqual({ is: 'make' });
    await webhooks.carryOut(plan, wanted(), SECRET);
    if (kind === 'github') await arrived(1);
    expect(await heard(work, 'made', 'main')).toEqual(['refs/heads/main']);
    const [made, ...others] = await all('made');
    expect(others).toEqual([]);
    const again = await webhooks.plan(wanted());
    expect(again.is).toBe('keep');
    await webhooks.carryOut(again, wanted(), SECRET);
    expect(await all('made')).toEqual([
      { ...made, ...(made?.updated_at !== undefined && { updated_at: expect.any(String) }) },
    ]);
    if (kind === 'github') await arrived(2);
    expect(await heard(work, 'made', 'after')).toEqual(['refs/heads/after']);
  });

  test('one that is wrong is mended and not doubled; those of others stay, wherever they are in the list', async () => {
    const work = await bare('mended');
    const theirs = ['a', 'b', 'c', 'd'].map((name) => `http://127.0.0.1:9/${name}`);
    for (const one of theirs) await call('POST', path('mended'), make(one));
    const before = await all('mended');
    await call('POST', path('mended'), make(hookUrl()));
    const webhooks = webhooksOf('mended');
    const plan = await webhooks.plan(wanted());
    if (plan.is !== 'mend') throw new Error(plan.is);
    for (const fault of faults) expect(plan.faults.join('; ')).toMatch(fault);
    expect(plan.faults).toHaveLength(faults.length);
    await webhooks.carryOut(plan, wanted(), SECRET);
    expect((await webhooks.plan(wanted())).is).toBe('keep');
    const [ours, ...more] = await webhooks.sendingTo(hookUrl());
    expect(more).toEqual([]);
    const raw = (await call('GET', `${path('mended')}/${encodeURIComponent(ours?.id ?? '')}`)) as Body;
    expect(raw).toMatchObject(right);
    expect((await all('mended')).slice(0, before.length)).toEqual(before);
    if (kind === 'github') await arrived(1);
    expect(await heard(work, 'mended', 'main')).toEqual(['refs/heads/main']);
  });

  test('a secret is entered without anything else being changed', async () => {
    await bare('entered');
    await call('POST', path('entered'), make(hookUrl()));
    const [before] = await all('entered');
    const webhooks = webhooksOf('entered');
    for (const one of await webhooks.sendingTo(hookUrl())) await webhooks.enter(one, SECRET);
    const [after] = await all('entered');
    const { config: configBefore, updated_at: _b, secret_set: _s, ...restBefore } = before ?? {};
    const { config: configAfter, updated_at: _a, secret_set: _t, ...restAfter } = after ?? {};
    expect(restAfter).toEqual(restBefore);
    expect(configAfter ?? {}).toMatchObject(configBefore ?? {});
  });

  test('a stranger’s token is refused with the right that it lacks', async () => {
    await bare('refused');
    await expect(webhooksOf('refused', 'stranger').plan(wanted())).rejects.toMatchObject({
      code: 'webhook/not-allowed',
      fault: { cause: expect.stringMatching(/40[34]/), remedy: expect.stringMatching(/it needs/) },
    });
    await expect(webhooksOf('nowhere').plan(wanted())).rejects.toMatchObject({ code: 'webhook/not-allowed' });
  });
});

/** Of the hosts that let two of them be made. */
describe.each(KINDS.filter(({ kind }) => kind !== 'github'))('two webhooks on $kind', (its) => {
  const { kind, dialect, owner, path, make } = its;
  const { url, host, hooks, workingCopy, hookUrl } = hostForTests({ dialect });

  test('become one: the better one stays', async () => {
    await host().repository('twice');
    const body = JSON.stringify(make(hookUrl()));
    await fetch(`${url()}${path('twice')}`, { method: 'POST', body });
    const wanted = { url: hookUrl(), events: eventsOf(kind, true) ?? [] };
    const access = { apiUrl: host().apiUrl, token: 'local' };
    const webhooks = new RepositoryWebhooks(kind, access, { owner, name: 'twice' });
    const [first, second] = await webhooks.sendingTo(hookUrl());
    const plan = await webhooks.plan(wanted);
    expect(plan).toMatchObject({
      is: 'mend',
      webhook: first,
      doubles: [second],
      faults: [expect.stringMatching(/there were 2/)],
    });
    await webhooks.carryOut(plan, wanted, SECRET);
    expect((await webhooks.sendingTo(hookUrl())).map(({ id }) => id)).toEqual([first?.id]);
    await git(await workingCopy(), 'push', '-q', `${url()}/twice.git`, 'main');
    expect(hooks).toHaveLength(1);
  });
});

test('what a host has to send is more with previews, and nothing on CodeCommit', () => {
  expect(eventsOf('github', false)).toEqual(['push']);
  expect(eventsOf('github', true)).toEqual(['push', 'delete', 'pull_request', 'issue_comment']);
  expect(eventsOf('gitlab', true)).toEqual(['push_events', 'merge_requests_events']);
  expect(eventsOf('codecommit', true)).toBeUndefined();
});
