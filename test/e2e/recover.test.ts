import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { App, get } from './harness/app.ts';
import { LocalCloud } from './harness/cloud.ts';
import { Cluster } from './harness/cluster.ts';
import { fairlead } from './harness/fairlead.ts';
import { LedgerTable } from './harness/ledger.ts';

const life = `life ${Date.now()}`;

/** One app whose ledger, and then whose cluster, is lost: each test goes on from what the one before has left. */
describe('what was lost', { timeout: 240_000 }, () => {
  let cloud: LocalCloud;
  let app: App;
  let table: LedgerTable;
  let cluster: Cluster;
  let url = '';

  beforeAll(async () => {
    cloud = await LocalCloud.start();
    app = await App.create(cloud.ready.git, 'lost');
    table = await LedgerTable.of(cloud.ready.pid);
    cluster = new Cluster(cloud.ready.kubeconfig);
  }, 120_000);
  afterAll(async () => {
    await app?.remove();
    await cloud?.stop();
  });

  const command = (...args: string[]) => fairlead(cloud.ready.pid, ...args);
  const textOf = (number: number) => `code ${number} of ${life}`;
  const version = async (number: number, more = '') => {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    const changed = source.replace(/greeting = .*/, `greeting = "${textOf(number)}"`);
    return await app.commit({
      'main.go': changed,
      'fairlead.yaml': `env: { WORD: configuration ${number} }\nbake: 0\n${more}`,
    });
  };
  const deployment = async () => await cluster.get('/apis/apps/v1/namespaces/lost/deployments/lost');
  const fence = async () => Number((await deployment()).metadata.annotations['fairlead.dev/fence']);
  const answers = async (number: number) => {
    for (const deadline = Date.now() + 30_000; ; await sleep(200)) {
      const answer = await get(url).catch((error: Error) => error.message);
      if (answer === textOf(number)) return;
      if (Date.now() > deadline) expect(answer).toBe(textOf(number));
    }
  };

  it('is known to be lost: a push says what to do, and what serves is left as it is', async () => {
    for (const number of [1, 2]) {
      await version(number);
      const pushed = await app.push();
      expect(pushed, pushed.text).toMatchObject({ outcome: 'live' });
      url = pushed.rest;
    }
    await table.wipe();
    await version(3);
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toContain('npx fairlead recover');
    await answers(2);
    const { code, out } = await command('doctor');
    expect(code, out).toBe(1);
    expect(out).toMatch(/not-ok +ledger +lost in production: the cluster knows of claim 2/);
  });

  it('comes back from the cluster, and pushes and rollbacks go on from there', async () => {
    const before = await fence();
    const { code, out, err } = await command('recover');
    expect(code, out + err).toBe(0);
    expect(out).toMatch(/recovered +lost production: .*runs [0-9a-f]{12}, release 2/);
    expect(out).not.toContain('held');
    await version(4);
    const pushed = await app.push();
    expect(pushed, pushed.text).toMatchObject({ outcome: 'live' });
    await answers(4);
    expect(await fence()).toBeGreaterThan(before);
    // It was rebuilt of what the cluster knew, its configuration with it.
    const back = await command('rollback', 'lost');
    expect(back.code, back.out + back.err).toBe(0);
    await answers(2);
    const { env } = (await deployment()).spec.template.spec.containers[0];
    expect(JSON.stringify(env ?? [])).not.toContain('configuration 4');
  });

  it('asked for where nothing is lost it changes nothing', async () => {
    const before = await table.items();
    const { code, out } = await command('recover');
    expect(code).toBe(0);
    expect(out).toMatch(/0 recovered, 0 missing in the cluster, 1 as known/);
    expect(await table.items()).toEqual(before);
  });

  it('restored to an earlier time it goes on from what the cluster runs, and holds a head that nobody remembers', async () => {
    const earlier = await table.items();
    await version(5);
    expect(await app.push()).toMatchObject({ outcome: 'live' });
    const bad = await version(6, 'health: /nowhere\n');
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    await app.commit({
      'main.go': source.replace('port := os.Getenv("PORT")', 'log.Fatal("no"); port := ""'),
    });
    expect(await app.push()).toMatchObject({ outcome: 'failed' });
    const head = (await app.git('rev-parse', 'HEAD')).text.trim();
    await table.restore(earlier);
    const { code, out, err } = await command('recover');
    expect(code, out + err).toBe(0);
    expect(out).toContain(`${head.slice(0, 12)} is held`);
    const status = JSON.parse((await command('status', 'lost', '--json')).out).environments[0];
    expect(status.bad.map(({ commit }: { commit: string }) => commit)).toContain(head);
    expect(status.live.commit).not.toBe(bad);
    const before = await fence();
    await app.commit({ 'main.go': source });
    await version(7);
    const pushed = await app.push();
    expect(pushed, pushed.text).toMatchObject({ outcome: 'live' });
    await answers(7);
    expect(await fence()).toBeGreaterThan(before);
  });

  it('a cluster that was lost gets everything anew', async () => {
    await cluster.delete('/api/v1/namespaces/lost');
    for (
      const deadline = Date.now() + 60_000;
      (await cluster.namespaces('lost')).length > 0;
      await sleep(200)
    )
      expect(Date.now()).toBeLessThan(deadline);
    const { code, out, err } = await command('recover');
    expect(code, out + err).toBe(0);
    expect(out).toMatch(/missing +lost production/);
    url = /live lost \S+ (\S+)/.exec(out)?.[1] ?? '';
    await answers(7);
  });

  it('images that were lost are built again', async () => {
    const { code, out, err } = await command('redeploy', 'lost');
    expect(code, out + err).toBe(0);
    expect(out).toMatch(/live lost/);
    await answers(7);
  });

  it('leaves nothing behind that a doctor would find', async () => {
    const { code, out, err } = await command('doctor');
    expect(code, out + err).toBe(0);
    for (const about of ['credentials', 'cluster', 'ledger', 'functions', 'git host'])
      expect(out).toMatch(new RegExp(`ok +${about} `));
  });
});
