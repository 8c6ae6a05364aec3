import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCloud } from '../../bin/cloud.ts';
import { rotateWebhookSecret } from '../../bin/commands/webhook-secret/run.ts';
import { callJson } from '../../lib/aws/call.ts';
import type { Aws } from '../../lib/aws/types.ts';
import { gitPassword } from '../../lib/source/codecommit/password.ts';
import type { AwsCall } from '../../local/aws/admission.ts';
import { App, get } from './harness/app.ts';

interface Entry {
  function: string;
  record: { event?: string; app?: string; message: string; commit?: string; detail?: { url?: string } };
}

/** A cloud in this process: what it calls, and what it tells, is heard here. */
describe('CodeCommit', { timeout: 180_000 }, () => {
  let cloud: Awaited<ReturnType<typeof openCloud>>;
  let app: App;
  const calls: AwsCall[] = [];
  const told: Entry[] = [];

  beforeAll(async () => {
    cloud = await openCloud({ onCall: (call) => calls.push(call) });
    cloud.records.on('record', (entry: Entry) => told.push(entry));
    app = await App.create('http://unused', 'billing');
    const { person } = cloud;
    const aws: Aws = {
      region: person.region,
      credentials: () => person,
      endpointOf: () => person.endpoints.AWS_ENDPOINT_URL_CODECOMMIT,
      trace: () => undefined,
      attempts: 1,
    };
    const create = 'CodeCommit_20150413.CreateRepository';
    await callJson(aws, 'codecommit', create, { repositoryName: 'billing' });
  }, 120_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await app?.remove();
    await cloud?.close();
  }, 60_000);

  async function push(): Promise<void> {
    const url = new URL(`${cloud.hosts.codecommit}/v1/repos/billing`);
    [url.username = '', url.password = ''] = gitPassword(
      url,
      cloud.person.region,
      cloud.person,
      new Date(),
    ).split(':');
    await app.git('push', '--quiet', url.href, 'main');
  }

  const live = async (commit: string) =>
    await vi.waitFor(
      () => {
        const found = told.find(
          ({ record }) => record.event === 'deploy.settled' && record.commit === commit,
        );
        if (found === undefined) throw new Error(told.map(({ record }) => record.message).join('\n'));
        return found.record.detail?.url ?? '';
      },
      { timeout: 90_000, interval: 200 },
    );

  const actionsOf = (name: string) =>
    new Set(
      calls
        .filter(
          ({ principal, service }) => service === 'codecommit' && principal.includes(`/fairlead-${name}/`),
        )
        .map(({ action, resource }) => `${action} ${resource?.split(':').at(-1)}`),
    );

  it('deploys what is pushed to it: an event, a head, and files by git', async () => {
    const commit = (await app.git('rev-parse', 'HEAD')).text.trim();
    await push();
    const url = await live(commit);
    expect(await get(url)).toBe('Hello from Fairlead, version 1');
    expect(actionsOf('deploy')).toEqual(new Set(['GetBranch billing']));
    expect(actionsOf('build-image')).toEqual(new Set(['GitPull billing']));
    expect(actionsOf('receive-push')).toEqual(new Set());
  });

  it('brings out the next commit, too', async () => {
    const commit = await app.commit({ 'notes.txt': 'more' });
    await push();
    await live(commit);
    const received = told.filter(({ record }) => record.event === 'push.received');
    expect(received.map(({ function: by }) => by)).toEqual(['receive-push', 'receive-push']);
  });

  it('has no part in secrets of webhooks, which the command rotates for others', async () => {
    vi.stubEnv('FAIRLEAD_LOCAL', String(process.pid));
    vi.stubEnv('GITHUB_TOKEN', '');
    const flags = { function: 'fairlead-operate', local: true as const };
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    await expect(rotateWebhookSecret(flags, 'codecommit', say)).rejects.toMatchObject({
      code: 'webhook-secret/no-host',
    });
    expect(await rotateWebhookSecret(flags, 'gitlab', say)).toBe(0);
    expect(lines.join('\n')).toMatch(/The old one is taken until .*--finish/);
    expect(lines.join('\n')).toMatch(/get-secret-value .*fairlead\/webhook-gitlab/);
    // A second one would end what some webhook may still have.
    await expect(rotateWebhookSecret(flags, 'gitlab', say)).rejects.toMatchObject({
      code: 'webhook-secret/under-way',
    });
    expect(await rotateWebhookSecret({ ...flags, finish: true }, 'gitlab', say)).toBe(0);
    expect(lines.at(-1)).toMatch(/is refused from now on/);
    expect(await rotateWebhookSecret({ ...flags, finish: true }, 'gitlab', say)).toBe(0);
    expect(lines.at(-1)).toMatch(/No old one is taken/);
  });
});
