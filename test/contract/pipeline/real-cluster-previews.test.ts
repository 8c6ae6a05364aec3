import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { LocalCloud } from '../../e2e/harness/cloud.ts';
import { previewsSuite } from '../../e2e/harness/previews-suite.ts';

/** The work folder of a running cluster, and the registry that its nodes pull from. */
const directory = process.env.FAIRLEAD_TEST_CLUSTER;
const registry = process.env.FAIRLEAD_TEST_REGISTRY ?? '10.98.0.2:5000';
const kubeconfig = join(directory ?? '', 'admin.conf');

describe.skipIf(directory === undefined)(
  'previews on a cluster named by KUBECONFIG',
  { timeout: 300_000 },
  () => {
    const prefix = `p${process.pid}-`;
    previewsSuite({
      prefix,
      start: (args) => LocalCloud.start({ KUBECONFIG: kubeconfig }, ['--registry', registry, ...args]),
    });

    afterAll(() => {
      const names = kubectl('get', 'namespaces', '-o', 'name').split('\n');
      const left = names.filter((name) => name.startsWith(`namespace/${prefix}`));
      if (left.length > 0) kubectl('delete', ...left, '--wait=false');
    });
  },
);

function kubectl(...args: string[]): string {
  return execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], { encoding: 'utf8' });
}
