import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCloud } from '../../bin/cloud.ts';
import { rotateWebhookSecret } from '../../bin/commands/webhook-secret/run.ts';
import { installWebhooks } from '../../bin/commands/webhooks/run.ts';
import type { HostKind } from '../../lib/host-kind.ts';
import { NO_PREVIEWS } from '../../lib/push/previews.ts';
import { App, get } from './harness/app.ts';

type Body = Record<string, unknown>;

/** Where the webhooks of a repository are on the local host of each kind. */
const KINDS = [
  { kind: 'github', owner: 'local', hooks: (name: string) => `/api/v3/repos/local/${name}/hooks` },
  {
    kind: 'gitlab',
    owner: 'local/apps',
    hooks: (name: string) => `/api/v4/projects/local%2Fapps%2F${name}/hooks`,
  },
  { kind: 'gitea', owner: 'local', hooks: (name: string) => `/api/v1/repos/local/${name}/hooks` },
  { kind: 'bitbucket', owner: 'local', hooks: (name: string) => `/2.0/repositories/local/${name}/hooks` },
] satisfies { kind: HostKind; owner: string; hooks: (name: string) => string }[];

const nameOn = (kind: string) => `told-by-${kind}`;
const FLAGS = { function: 'fairlead-operate', local: true as const };

describe('webhooks that the command makes', { timeout: 180_000 }, () => {
  let cloud: Awaited<ReturnType<typeof openCloud>>;
  const apps = new Map<string, App>();

  const list = async (kind: string, path: string): Promise<Body[]> => {
    const body: unknown = await (await fetch(`${cloud.hosts[kind]}${path}`)).json();
    return Array.isArray(body) ? body : (body as { values: Body[] }).values;
  };
  const run = async (more: { dryRun?: true } = {}) => {
    const lines: string[] = [];
    const code = await installWebhooks({ ...FLAGS, ...more }, (line) => lines.push(line));
    return { code, text: lines.join('\n') };
  };

  beforeAll(async () => {
    const rules = { environments: { production: 'main' }, previews: NO_PREVIEWS };
    const listed = KINDS.map(({ kind, owner }) => {
      const app = nameOn(kind);
      return { app, repository: { host: kind, owner, repository: app }, ...rules };
    });
    // No sweep finds what no webhook tells of.
    cloud = await openCloud({ deploys: { apps: listed, others: 'ignored' }, sweepEvery: 3600 });
    vi.stubEnv('FAIRLEAD_LOCAL', String(process.pid));
    for (const { kind, hooks } of KINDS) {
      vi.stubEnv(`${kind.toUpperCase()}_TOKEN`, '');
      const app = await App.create(cloud.hosts[kind] ?? '', nameOn(kind));
      apps.set(kind, app);
      // As on a real host: a repository that is there, and of which nobody is told.
      await app.push('main:refs/heads/not-deployed');
      for (const { id, uuid } of await list(kind, hooks(app.name)))
        await fetch(`${cloud.hosts[kind]}${hooks(app.name)}/${encodeURIComponent(String(uuid ?? id))}`, {
          method: 'DELETE',
        });
    }
  }, 180_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    for (const app of apps.values()) await app.remove();
    await cloud?.close();
  }, 60_000);

  it('are none before it, and by --dry-run', async () => {
    const { code, text } = await run({ dryRun: true });
    expect(code, text).toBe(0);
    for (const { kind, owner, hooks } of KINDS) {
      expect(text).toMatch(new RegExp(`to make +${owner}/${nameOn(kind)}`));
      expect(await list(kind, hooks(nameOn(kind)))).toEqual([]);
    }
    const pushed = await apps.get('github')?.push('main:refs/heads/still-not');
    expect(pushed?.text).toContain('No webhook of told-by-github tells of refs/heads/still-not');
  });

  it('are one for each repository, with the installation’s token; once more changes nothing', async () => {
    const first = await run();
    expect(first.code, first.text).toBe(0);
    expect(first.text.match(/^ {2}made /gm)).toHaveLength(KINDS.length);
    const second = await run();
    expect(second.code, second.text).toBe(0);
    expect(second.text.match(/^ {2}as it was /gm)).toHaveLength(KINDS.length);
    for (const { kind, hooks } of KINDS) expect(await list(kind, hooks(nameOn(kind)))).toHaveLength(1);
  });

  it.each(KINDS)(
    'bring out what is pushed to $kind: the receiver takes their signature',
    async ({ kind }) => {
      const pushed = await apps.get(kind)?.push();
      expect(pushed?.outcome, pushed?.text).toBe('live');
      expect(await get(pushed?.rest ?? '')).toBe('Hello from Fairlead, version 1');
    },
  );

  it.each(KINDS)(
    'of $kind have the new secret after a rotation, with nothing left to a person',
    async (its) => {
      const { kind, owner } = its;
      const lines: string[] = [];
      expect(await rotateWebhookSecret(FLAGS, kind, (line) => lines.push(line))).toBe(0);
      expect(lines.join('\n')).toMatch(new RegExp(`entered +${owner}/${nameOn(kind)}`));
      expect(lines.join('\n')).not.toMatch(/by hand/);
      expect(await rotateWebhookSecret({ ...FLAGS, finish: true }, kind, () => undefined)).toBe(0);
      const app = apps.get(kind);
      await app?.commit({ 'notes.txt': 'after the rotation' });
      const pushed = await app?.push();
      expect(pushed?.outcome, pushed?.text).toBe('live');
    },
  );
});
