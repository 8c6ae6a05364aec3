import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installations } from '../../bin/installation.ts';
import { check } from '../../lib/config/check.ts';

const outdir = mkdtempSync(join(tmpdir(), 'fairlead-apart-'));
let stacks: CloudFormationStackArtifact[];
beforeAll(() => {
  const app = new App({ outdir });
  const regions = ['eu-west-1', 'us-east-1'];
  installations(app, check({ apps: 'any', regions, cluster: { new: { endpoint: 'private' } } }));
  stacks = app.synth().stacks;
}, 300_000);
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const importsOf = ({ template }: CloudFormationStackArtifact) =>
  [...JSON.stringify(template).matchAll(/"Fn::ImportValue":"([^"]+)"/g)].map(([, name = '']) => name);

const exportsOf = ({ template }: CloudFormationStackArtifact) =>
  Object.values((template.Outputs ?? {}) as Record<string, { Export?: { Name: string } }>).flatMap(
    ({ Export }) => Export?.Name ?? [],
  );

/** The stacks that the CDK deploys before `stack`. */
function earlier(stack: CloudFormationStackArtifact): CloudFormationStackArtifact[] {
  return stacks.filter((one) => stack.dependencies.some(({ id }) => id === one.id));
}

describe('stacks that are deployed apart', () => {
  it('import from those that are deployed before them, in their own region', () => {
    const unresolved = stacks.flatMap((stack) => {
      const here = earlier(stack).filter(
        ({ environment }) => environment.region === stack.environment.region,
      );
      const there = new Set(here.flatMap(exportsOf));
      return importsOf(stack).flatMap((name) => (there.has(name) ? [] : [`${stack.id}: ${name}`]));
    });
    expect(unresolved).toEqual([]);
    const importing = stacks.filter((stack) => importsOf(stack).length > 0).map(({ id }) => id);
    expect(importing.sort()).toEqual([
      ...['FairleadAlarms-eu-west-1', 'FairleadAlarms-us-east-1'],
      ...['FairleadPipeline-eu-west-1', 'FairleadPipeline-us-east-1'],
    ]);
  });

  it('wait for no stack of another region, and the registry and the cluster for none', () => {
    const waiting = stacks.map((stack) => [
      stack.id,
      earlier(stack)
        .map(({ id }) => id)
        .sort(),
    ]);
    const of = (region: string): [string, string[]][] => [
      [`FairleadRegistry-${region}`, []],
      [`FairleadCluster-${region}`, []],
      [`FairleadPipeline-${region}`, [`FairleadCluster-${region}`, `FairleadRegistry-${region}`]],
      [`FairleadAlarms-${region}`, [`FairleadPipeline-${region}`]],
    ];
    expect(Object.fromEntries(waiting)).toEqual(Object.fromEntries([...of('eu-west-1'), ...of('us-east-1')]));
  });
});
