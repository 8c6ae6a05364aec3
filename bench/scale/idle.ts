import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { installation } from '../../bin/installation.ts';
import { METRICS } from '../../lib/report/metrics.ts';
import type { Counts } from './counts.ts';

/** Functions that measure something whether or not anybody pushes: the heartbeat is theirs. */
const BY_THE_CLOCK: readonly string[] = [METRICS.swept.service, METRICS.alarmHeard.service];

/** What the templates of a default installation have that is paid for while nothing happens. */
export function idleCounts(): Counts['idle'] {
  const stacks = Object.values(installation(new App())).filter((one) => one instanceof Stack);
  const templates = stacks.map((stack) => Template.fromStack(stack));
  const count = (type: string) =>
    templates.reduce((sum, template) => sum + Object.keys(template.findResources(type)).length, 0);
  return {
    // Each metric that an alarm is computed from is paid for.
    alarmMetrics: templates.reduce((sum, template) => sum + alarmMetricsIn(template), 0),
    compositeAlarms: count('AWS::CloudWatch::CompositeAlarm'),
    // One is paid for in the hours in which it is written: those of the clock are in all of them.
    metrics: Object.values(METRICS).filter(({ service }) => BY_THE_CLOCK.includes(service)).length,
    secrets: count('AWS::SecretsManager::Secret'),
    natGateways: count('AWS::EC2::NatGateway'),
    dashboards: count('AWS::CloudWatch::Dashboard'),
  };
}

function alarmMetricsIn(template: Template): number {
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')) as AlarmResource[];
  return alarms.reduce((sum, { Properties: { Metrics } }) => {
    const asked = Metrics?.filter(({ MetricStat }) => MetricStat !== undefined);
    return sum + (asked?.length ?? 1);
  }, 0);
}

interface AlarmResource {
  Properties: { Metrics?: { MetricStat?: object }[] };
}
