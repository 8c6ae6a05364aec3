import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { App, get } from './harness/app.ts';
import { LocalCloud } from './harness/cloud.ts';
import { Cluster } from './harness/cluster.ts';
import { fairlead } from './harness/fairlead.ts';
import { GitHub } from './harness/github.ts';

const define = join(import.meta.dirname, '..', '..', 'lib', 'config', 'define.ts');

/** Staging is what is developed on, and one repository more is known than is pushed to. */
const CONFIG = `import { defineConfig } from ${JSON.stringify(define)};

export default defineConfig({
  apps: [
    {
      repository: 'github.com/acme/storefront',
      name: 'shop',
      environments: { production: 'main', staging: 'develop' },
      previews: { of: 'branches', branches: ['feature/*'], ttl: '1h' },
    },
    { repository: 'github.com/acme/other' },
  ],
});
`;

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await look()); await sleep(250))
    if (Date.now() > deadline) throw new Error(`${what}: not within a minute`);
}

/** Two environments of one app beside each other, as its configuration names them. */
describe('environments by branch', { timeout: 180_000 }, () => {
  let folder = '';
  let cloud: LocalCloud;
  let cluster: Cluster;
  let app: App;
  let production = '';
  let staging = '';
  const version = async (text: string) => {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    return await app.commit({ 'main.go': source.replace(/version [^"]*/, `version ${text}`) });
  };
  const answers = (url: string, text: string) =>
    until(`${url} says ${text}`, async () => (await get(url).catch(() => '')).endsWith(`version ${text}`));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
    const config = join(folder, 'fairlead.config.ts');
    await writeFile(config, CONFIG);
    cloud = await LocalCloud.start({}, ['--config', config, '--sweep-every', '2']);
    cluster = new Cluster(cloud.ready.kubeconfig);
    app = await App.create(cloud.ready.git, 'shop');
  }, 120_000);
  afterAll(async () => {
    await cloud?.stop();
    await app?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('main goes to production, develop to staging, each at an address of its own', async () => {
    const pushed = await app.push('main');
    expect(pushed.outcome, pushed.text).toBe('live');
    production = pushed.rest;
    await version('to be tried');
    const tried = await app.push('HEAD:develop');
    expect(tried.outcome).toBe('live');
    staging = tried.rest;
    expect(staging).not.toBe(production);
    await answers(production, '1');
    await answers(staging, 'to be tried');
    expect(await cluster.namespaces('shop')).toEqual(['shop', 'shop--env--staging']);
  });

  it('staging is no preview: it has no quota and no time to live, and its pods are told where they are', async () => {
    const quotas = await cluster.get('/api/v1/namespaces/shop--env--staging/resourcequotas');
    expect(quotas.items).toEqual([]);
    const { metadata } = await cluster.get('/apis/apps/v1/namespaces/shop--env--staging/deployments/shop');
    expect(metadata.labels['app.kubernetes.io/instance']).toBe('shop-staging');
  });

  it('a bad commit on develop leaves both as they are', async () => {
    await app.commit({ 'main.go': 'package main\n\nfunc main() { nonsense }\n' });
    expect((await app.push('HEAD:develop')).outcome).toBe('failed');
    await answers(staging, 'to be tried');
    await answers(production, '1');
    await app.git('reset', '-q', '--hard', 'HEAD~1');
  });

  it('a push to develop that nobody told of comes by the sweep, to staging alone', async () => {
    const hub = new GitHub(cloud.ready.git, 'shop');
    await hub.setHook(false);
    await version('unheard');
    await app.push('HEAD:develop');
    await answers(staging, 'unheard');
    await answers(production, '1');
    await hub.setHook(true);
  });

  it('a branch of no environment gets a preview if its name is one of those, and else is told why not', async () => {
    const ignored = await app.push('HEAD:other');
    expect(ignored.text).toMatch(/no preview: other is none of feature\/\*/);
    expect((await app.push('HEAD:feature/x')).outcome).toBe('live');
    expect((await cluster.namespaces('shop--feature-x')).length).toBe(1);
    await app.push(':feature/x');
    await until('the preview goes', async () => (await cluster.namespaces('shop--feature-x')).length === 0);
  });

  it('a repository that is not listed is not deployed, and is told so', async () => {
    const stranger = await App.create(cloud.ready.git, 'stranger');
    try {
      const pushed = await stranger.push('main');
      expect(pushed.text).toMatch(/the repository is none of those that are deployed/);
      expect(await cluster.namespaces('stranger')).toEqual([]);
    } finally {
      await stranger.remove();
    }
  });

  it('the command line knows both, and removes neither', async () => {
    const status = await fairlead(cloud.ready.pid, 'status', 'shop');
    expect(status.out).toMatch(/production/);
    expect(status.out).toMatch(/staging/);
    const removed = await fairlead(cloud.ready.pid, 'remove', 'shop', 'staging');
    expect(removed.code).not.toBe(0);
    expect(removed.err).toMatch(/from the branch develop/);
    const back = await fairlead(cloud.ready.pid, 'rollback', 'shop', '-e', 'staging', '--reason', 'too new');
    expect(back.err + back.out).toMatch(/live|back/);
    await answers(staging, 'to be tried');
    await answers(production, '1');
  });

  it('a deleted branch leaves what runs as it is', async () => {
    await app.push(':develop');
    await sleep(5_000);
    await answers(staging, 'to be tried');
  });
});
