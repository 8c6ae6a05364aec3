import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import counts from '../../bench/scale/counts.json' with { type: 'json' };
import { idleCounts } from '../../bench/scale/idle.ts';
import { PRICES } from '../../bench/scale/prices.ts';
import { installation } from '../../bin/installation.ts';

it('the table of what an idle installation costs counts what its templates have (npm run bench -- scale)', {
  timeout: 120_000,
}, () => {
  expect(counts.idle).toEqual(idleCounts());
});

it('a build in CodeBuild is priced as the machine that the project has', { timeout: 120_000 }, () => {
  const template = Template.fromStack(installation(new App()).pipeline);
  const [project] = Object.values(template.findResources('AWS::CodeBuild::Project'));
  const [, size = ''] = /_(SMALL|MEDIUM|LARGE)$/.exec(project?.Properties.Environment.ComputeType) ?? [];
  expect(PRICES.codeBuildMinute.unit).toBe(`minute of CodeBuild, ${size.toLowerCase()}`);
});
