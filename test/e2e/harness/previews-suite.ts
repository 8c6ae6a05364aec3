import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { App, get } from './app.ts';
import type { LocalCloud } from './cloud.ts';
import { Cluster } from './cluster.ts';
import { GitHub } from './github.ts';

/** Seconds between two sweeps, so that a few of them happen while a test looks on. */
const SWEEP = 2;

/** Waits until `look` answers something. */
async function until<T>(what: string, look: () => Promise<T | undefined>, seconds = 120): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; ; await sleep(250)) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
  }
}

const version = async (app: App, text: string) => {
  const source = await readFile(join(app.directory, 'main.go'), 'utf8');
  return app.commit({ 'main.go': source.replace(/version [^"]*/, `version ${text}`) });
};

/** A new address is there for a moment before everybody knows of it. */
const answerOf = (url: string) =>
  until(
    `an answer of ${url}`,
    async () => {
      const answer = await get(url).catch(() => '');
      return answer.startsWith('Hello') ? answer : undefined;
    },
    20,
  );

export interface Surroundings {
  /** What the names of all apps start with; they are those of namespaces. */
  prefix: string;
  start(args: string[]): Promise<LocalCloud>;
}

/** Previews of branches and forks, on whatever cluster the local cloud is started with. */
export function previewsSuite({ prefix, start }: Surroundings): void {
  const shop = `${prefix}shop`;
  const base = `${prefix}base`;
  const brief = `${prefix}brief`;
  let cloud: LocalCloud;
  let cluster: Cluster;
  const apps: App[] = [];
  const create = async (name: string) => {
    const app = await App.create(cloud.ready.git, name);
    apps.push(app);
    return app;
  };

  beforeAll(async () => {
    cloud = await start(['--previews', 'branches', '--sweep-every', String(SWEEP)]);
    cluster = new Cluster(cloud.ready.kubeconfig);
  }, 120_000);
  afterAll(async () => {
    await cloud?.stop();
    for (const app of apps) await app.remove();
  });

  describe('of a branch', () => {
    let app: App;
    let production = '';
    let preview = '';

    beforeAll(async () => {
      app = await create(shop);
      production = (await app.push()).rest;
    });

    it('a push makes an environment of its own, at an address of its own, and production stays as it is', async () => {
      await version(app, 'of the feature');
      const pushed = await app.push('HEAD:feature/x');
      expect(pushed.outcome, pushed.text).toBe('live');
      preview = pushed.rest;
      expect(preview).not.toBe(production);
      expect(await answerOf(preview)).toBe('Hello from Fairlead, version of the feature');
      expect(await answerOf(production)).toBe('Hello from Fairlead, version 1');
      const [namespace] = await cluster.namespaces(`${shop}--`);
      expect(namespace).toMatch(new RegExp(`^${shop}--feature-x-[0-9a-f]{10}$`));
    });

    it('has a quota, which is visible in its namespace and holds', async () => {
      const [namespace = ''] = await cluster.namespaces(`${shop}--`);
      const quota = await cluster.get(`/api/v1/namespaces/${namespace}/resourcequotas/fairlead`);
      expect(quota).toMatchObject({
        spec: { hard: { pods: '10', 'requests.cpu': '1', 'requests.memory': '1Gi' } },
        status: { used: { pods: '2' } },
      });
      await app.commit({ 'fairlead.yaml': 'environments: { preview: { replicas: 11 } }\n' });
      const pushed = await app.push('HEAD:feature/x');
      expect(pushed.outcome, pushed.text).toBe('failed');
      expect(pushed.text).toMatch(/quota/);
      expect(await answerOf(preview)).toBe('Hello from Fairlead, version of the feature');
    });

    it('goes with its branch, and production stays', async () => {
      const pushed = await app.push(':feature/x');
      expect(pushed.code).toBe(0);
      await until('the namespace goes', async () =>
        (await cluster.namespaces(`${shop}--`)).length === 0 ? true : undefined,
      );
      expect(await answerOf(production)).toBe('Hello from Fairlead, version 1');
    });

    it('a push and a deletion whose webhooks were lost are seen to by the sweep', async () => {
      const hub = new GitHub(cloud.ready.git, shop);
      expect((await app.push('HEAD~1:refs/heads/blue')).outcome).toBe('live');
      await hub.setHook(false);
      await app.git('checkout', '-q', '-B', 'main', 'main~2');
      const commit = await version(app, 'that nobody was told of');
      await app.push('HEAD:main', ':blue', 'HEAD:refs/heads/green');
      await until('the lost push', async () =>
        (await answerOf(production)).endsWith('that nobody was told of') ? true : undefined,
      );
      const names = async () => (await cluster.namespaces(`${shop}--`)).join();
      await until('the lost branches', async () => ((await names()) === `${shop}--green` ? true : undefined));
      await until('the status', async () =>
        (await hub.statuses(commit)).find(({ state }) => state === 'success'),
      );
      await hub.setHook(true);
    });
  });

  describe('of a fork', () => {
    let app: App;
    let hub: GitHub;
    let evil = '';
    const url = async (commit: string) =>
      (await hub.statuses(commit)).find(({ state }) => state === 'success')?.target_url ?? undefined;
    const toFork = () => app.git('push', '--force', `${cloud.ready.git}/${base}-of-bob.git`, 'HEAD:main');

    beforeAll(async () => {
      app = await create(base);
      await app.push();
      hub = new GitHub(cloud.ready.git, base);
      await hub.fork(`${base}-of-bob`);
      evil = await version(app, 'of a stranger');
      await app.commit({
        'fairlead.yaml': 'secrets: { TOKEN: { kubernetes: production, key: token } }\nreplicas: 1\n',
      });
      evil = (await app.git('rev-parse', 'HEAD')).text.trim();
      await toFork();
      await hub.open('main', `${base}-of-bob`, 'bob');
    });

    it('is not built by itself, and says whose word it waits for', async () => {
      const status = await until('the status', async () => (await hub.statuses(evil))[0]);
      expect(status).toMatchObject({ state: 'pending', description: expect.stringContaining(evil) });
      expect((await hub.comments(1)).map(({ body }) => body).join()).toContain(`/fairlead preview ${evil}`);
      await sleep(3 * SWEEP * 1000);
      expect(await cluster.namespaces(`${base}--`)).toEqual([]);
    });

    it('is not built at its own author’s word, nor at a word that names no commit', async () => {
      await hub.comment(1, `/fairlead preview ${evil}`, 'bob');
      await hub.comment(1, '/fairlead preview');
      await sleep(3 * SWEEP * 1000);
      expect(await cluster.namespaces(`${base}--`)).toEqual([]);
    });

    it('is built at the word of a person for the commit, without secrets and within walls', async () => {
      await hub.comment(1, `/fairlead preview ${evil}`);
      const address = await until('the preview', () => url(evil));
      expect(await answerOf(address)).toBe('Hello from Fairlead, version of a stranger');
      expect(await cluster.namespaces(`${base}--`)).toEqual([`${base}--pr-1`]);
      const { spec } = await cluster.get(`/apis/apps/v1/namespaces/${base}--pr-1/deployments/${base}`);
      expect(JSON.stringify(spec)).not.toMatch(/secretKeyRef|TOKEN/);
      const policies = `/apis/networking.k8s.io/v1/namespaces/${base}--pr-1/networkpolicies`;
      expect((await cluster.get(policies)).items).toHaveLength(1);
      await until('the comment', async () =>
        (await hub.comments(1)).find(({ body }) => body.includes(address)),
      );
    });

    it('its next commit waits for a word of its own, while the preview stays', async () => {
      const next = await version(app, 'that nobody has read');
      await toFork();
      await until('the status', async () => (await hub.statuses(next))[0]);
      await sleep(3 * SWEEP * 1000);
      const address = await url(evil);
      expect(await answerOf(address ?? '')).toBe('Hello from Fairlead, version of a stranger');
      expect(await url(next)).toBeUndefined();
      const ours = (await hub.comments(1)).filter(({ body }) => body.startsWith('<!-- fairlead -->'));
      expect(ours).toHaveLength(1);
      expect(ours[0]?.body).toContain(`/fairlead preview ${next}`);
    });

    it('goes when its pull request is closed', async () => {
      await hub.close(1);
      await until('the namespace goes', async () =>
        (await cluster.namespaces(`${base}--`)).length === 0 ? true : undefined,
      );
    });
  });
  describe('the time of a preview', () => {
    it('ends though its branch stays, and it does not come back by itself', async () => {
      const ttl = 10;
      const args = ['--previews', 'branches', '--sweep-every', String(SWEEP), '--preview-ttl', String(ttl)];
      const cloud = await start(args);
      const app = await App.create(cloud.ready.git, brief);
      try {
        const cluster = new Cluster(cloud.ready.kubeconfig);
        const production = (await app.push()).rest;
        await version(app, 'for a while');
        const pushed = await app.push('HEAD:blue');
        expect(pushed.lines.at(-1)).toMatch(/^live /);
        expect(await cluster.namespaces(`${brief}--`)).toEqual([`${brief}--blue`]);
        await until('the preview ends', async () =>
          (await cluster.namespaces(`${brief}--`)).length === 0 ? true : undefined,
        );
        await sleep(3 * SWEEP * 1000);
        expect(await cluster.namespaces(`${brief}--`)).toEqual([]);
        expect(await answerOf(production)).toBe('Hello from Fairlead, version 1');
        await app.commit({ 'note.txt': 'again' });
        expect((await app.push('HEAD:blue')).outcome).toBe('live');
      } finally {
        await cloud.stop();
        await app.remove();
      }
    });
  });
}
