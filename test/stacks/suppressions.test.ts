import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, aws_lambda as lambda, Stack, aws_sqs as sqs, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installation } from '../../bin/installation.ts';
import { DEFAULTS } from '../../lib/config/config.ts';

interface Acknowledged {
  /** Of the construct that it is for, and all below it. */
  path: string;
  /** `AwsSolutions-IAM5[Resource::*]` */
  rule: string;
  reason: string;
}

interface Finding {
  path: string;
  rule: string;
}

const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'cdk.json'), 'utf8'));
const outdir = mkdtempSync(join(tmpdir(), 'fairlead-nag-'));
let acknowledged: Acknowledged[];
let findings: Finding[];

/** Synthesizes with cdk-nag as bin/app.ts does, with nothing acknowledged, and reads what there was to say. */
beforeAll(() => {
  acknowledged = [];
  const spy = vi.spyOn(Validations.prototype, 'acknowledge').mockImplementation(function (
    this: Validations,
    ...rules
  ) {
    const { path } = (this as unknown as { scope: { node: { path: string } } }).scope.node;
    for (const { id, reason } of rules) acknowledged.push({ path, rule: id, reason });
  });
  const app = new App({ outdir, context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  installation(app, { ...DEFAULTS, engines: { microvm: true, codebuild: true } });
  try {
    app.synth();
  } catch {
    // Findings fail a synthesis: they are in the report.
  }
  spy.mockRestore();
  findings = findingsIn(outdir);
}, 240_000);
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function findingsIn(directory: string): Finding[] {
  const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
  const violations = (report.pluginReports as { violations: Violation[] }[]).flatMap(
    (plugin) => plugin.violations,
  );
  return violations.flatMap(({ ruleName, violatingConstructs }) =>
    violatingConstructs.map(({ constructPath }) => ({ path: constructPath, rule: ruleName })),
  );
}

interface Violation {
  ruleName: string;
  violatingConstructs: { constructPath: string }[];
}

const covers = ({ path, rule }: Acknowledged, finding: Finding) =>
  rule === finding.rule && (finding.path === path || finding.path.startsWith(`${path}/`));

describe('what cdk-nag finds', () => {
  it('is found at all, where nothing is acknowledged', () => {
    expect(findings.length).toBeGreaterThan(20);
  });

  it('has a reason where it stands, finding by finding', () => {
    expect(findings.filter((finding) => !acknowledged.some((known) => covers(known, finding)))).toEqual([]);
  });

  it('is what reasons are given for: none is left over from something that has gone', () => {
    // The CDK acknowledges some of what it makes itself.
    const ours = acknowledged.filter(({ rule }) => rule.startsWith('AwsSolutions-'));
    expect(ours.length).toBeGreaterThan(20);
    expect(ours.filter((known) => !findings.some((finding) => covers(known, finding)))).toEqual([]);
  });

  it('has reasons that say something', () => {
    expect(acknowledged.filter(({ reason }) => reason.split(' ').length < 6)).toEqual([]);
  });
});

describe('the rules of CloudFormation', () => {
  const broken = (flags: object) => {
    const app = new App({ outdir: join(outdir, `broken-${Object.keys(flags).length}`), context: flags });
    const stack = new Stack(app, 'Broken');
    const queue = new sqs.CfnQueue(stack, 'Queue', { messageRetentionPeriod: 60 });
    queue.addPropertyOverride('MessageRetentionPeriod', 'for ever');
    new lambda.CfnFunction(stack, 'Function', { code: {}, role: 'no-arn', memorySize: 1 });
    return app;
  };

  it('hold for every synthesis: cdk.json says so', () => {
    expect(context['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
  });

  it('find a fault that was put there, and fail the synthesis', () => {
    expect(() => broken(context).synth()).toThrow(/MessageRetentionPeriod|Validation failed/);
  });

  it('only warn without the flag', () => {
    expect(() => broken({}).synth()).not.toThrow();
  });
});
