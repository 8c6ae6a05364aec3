import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Visitor, visit } from '../../../bin/demo/visitor.ts';
import { App, type Pushed } from '../../e2e/harness/app.ts';
import { LocalCloud } from '../../e2e/harness/cloud.ts';

/** The work folder of a running cluster, and the registry that its nodes pull from. */
const directory = process.env.FAIRLEAD_TEST_CLUSTER;
const registry = process.env.FAIRLEAD_TEST_REGISTRY ?? '10.98.0.2:5000';
const kubeconfig = join(directory ?? '', 'admin.conf');

/** A new NodePort is there for a moment before kube-proxy knows of it. */
async function answerOf(url: string): Promise<string> {
  let answer = await visit(url);
  for (let tries = 0; tries < 50 && 'error' in answer; tries++) answer = await visit(url);
  return 'body' in answer ? answer.body : answer.error;
}

describe.skipIf(directory === undefined)(
  'the pipeline on a cluster named by KUBECONFIG',
  { timeout: 180_000 },
  () => {
    const name = `pushed-${process.pid}`;
    let cloud: LocalCloud;
    let app: App;
    let url = '';

    const change = async (before: string, after: string): Promise<Pushed> => {
      const source = await readFile(join(app.directory, 'main.go'), 'utf8');
      expect(source).toContain(before);
      await app.commit({ 'main.go': source.replace(before, after) });
      return app.push();
    };

    beforeAll(async () => {
      cloud = await LocalCloud.start({ KUBECONFIG: kubeconfig }, ['--registry', registry]);
      app = await App.create(cloud.ready.git, name);
      // Kubernetes below 1.30 has no sleep before SIGTERM, so the program itself has to outlast a kube-proxy that is
      // slow to send new connections elsewhere; on a busy machine that is seconds.
      const source = await readFile(join(app.directory, 'main.go'), 'utf8');
      expect(source).toContain('3 * time.Second');
      await app.commit({ 'main.go': source.replace('3 * time.Second', '15 * time.Second') });
    }, 120_000);
    afterAll(async () => {
      await cloud?.stop();
      await app?.remove();
      execFileSync('kubectl', [
        '--kubeconfig',
        kubeconfig,
        'delete',
        'namespace',
        name,
        '--ignore-not-found',
      ]);
    }, 120_000);

    it('rolls out the first push, with no other right than those of the deployer', async () => {
      const pushed = await app.push();
      expect(pushed.text).toMatch(new RegExp(`live ${name} [0-9a-f]{40} http://`));
      url = pushed.rest;
      expect(await answerOf(url)).toBe('Hello from Fairlead, version 1');
    });

    it('replaces it without a failed request', async () => {
      const visitor = new Visitor(url);
      const pushed = await change('version 1', 'version 2 of the cluster');
      await visitor.leave();
      expect(pushed.text).toMatch(new RegExp(`live ${name} [0-9a-f]{40} http://`));
      expect(visitor.failures).toEqual([]);
      expect(visitor.requests).toBeGreaterThan(20);
      // The old pods serve on until kube-proxy knows of the new ones.
      await expect
        .poll(() => answerOf(url), { timeout: 15_000 })
        .toBe('Hello from Fairlead, version 2 of the cluster');
    });

    it('keeps what serves when the next one crashes, and says what the pod logged', async () => {
      const visitor = new Visitor(url);
      const pushed = await change('func main() {', 'func main() {\n\tlog.Fatal("no database")');
      await visitor.leave();
      expect(pushed.outcome).toBe('failed');
      expect(pushed.rest).toContain('no database');
      expect(visitor.failures).toEqual([]);
      expect(await answerOf(url)).toBe('Hello from Fairlead, version 2 of the cluster');
    });
  },
);
