import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import {
  type AlarmDefinition,
  type AlarmThresholds,
  alarmDefinitions,
  type Watched,
} from './alarm-definitions.ts';
import { addBudget, type BudgetProps } from './budget.ts';
import { addDashboard } from './dashboard.ts';
import { type AllMeasured, metricOf } from './measured.ts';
import { type NotificationProps, Notifications } from './notifications.ts';
import type { PipelineStack } from './pipeline-stack.ts';

export interface AlarmsStackProps extends StackProps {
  pipeline: Pick<PipelineStack, 'functions' | 'deadLetters' | 'ledger'>;
  /** What the functions write, in CloudWatch's embedded metric format. */
  measured: AllMeasured;
  thresholds: AlarmThresholds;
  notifications: NotificationProps;
  /** None when absent. */
  budget?: BudgetProps | undefined;
}

/** What wakes a person, who is woken, and what there is to look at then. */
export class AlarmsStack extends Stack {
  readonly notifications: Notifications;

  constructor(scope: Construct, id: string, props: AlarmsStackProps) {
    const { pipeline, measured, thresholds, notifications, budget, ...rest } = props;
    super(scope, id, rest);
    this.notifications = new Notifications(this, 'Notifications', notifications);
    const watched: Watched = { ...pipeline, measured };
    const alarms = new Map(
      alarmDefinitions(watched, thresholds).map((definition) => [definition.name, this.#alarm(definition)]),
    );
    for (const alarm of alarms.values()) this.notifications.tellOf(alarm);
    const sweep = alarms.get('sweep-not-running');
    const deaf = sweep && this.#deafness(measured, sweep);
    if (deaf !== undefined) this.notifications.tellOf(deaf);
    addDashboard(this, watched, [...alarms.values(), ...(deaf === undefined ? [] : [deaf])]);
    if (budget !== undefined && budget.email.length > 0) addBudget(this, budget);
  }

  #alarm({ name, says, metric, threshold, rings, periods, missing }: AlarmDefinition): cloudwatch.Alarm {
    return new cloudwatch.Alarm(this, idOf(name), {
      alarmName: nameOf(name),
      alarmDescription: describe(name, says),
      metric,
      threshold,
      evaluationPeriods: periods ?? 1,
      comparisonOperator:
        rings === 'below'
          ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
          : cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData:
        missing === 'rings'
          ? cloudwatch.TreatMissingData.BREACHING
          : cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * Whether watch-alarm would hear of an alarm. Most days no alarm of an app rings, and nobody would notice that the rule
   * is off: so one rings every twenty minutes that the sweep sets off, and tells no person. Without a sweep nothing rings:
   * that has an alarm of its own.
   */
  #deafness(measured: AllMeasured, sweep: cloudwatch.Alarm): cloudwatch.CompositeAlarm {
    this.#alarm({
      name: 'heartbeat',
      says: 'Rings every twenty minutes, so that it is noticed when nobody hears of alarms any more. There is nothing to do.',
      metric: metricOf(measured.heartbeat, 'Maximum', Duration.minutes(5)),
      threshold: 1,
      missing: 'quiet',
    });
    const unheard = this.#alarm({
      name: 'alarms-unheard',
      says: 'The function watch-alarm has heard of no alarm for an hour. The alarm watch-alarm-not-running tells of it.',
      metric: metricOf(measured.alarmHeard, 'Sum', Duration.minutes(20)),
      threshold: 1,
      rings: 'below',
      periods: 3,
      missing: 'rings',
    });
    const name = 'watch-alarm-not-running';
    const rule = cloudwatch.AlarmRule;
    return new cloudwatch.CompositeAlarm(this, idOf(name), {
      compositeAlarmName: nameOf(name),
      alarmDescription: describe(
        name,
        'The function watch-alarm does not hear of alarms: a release that makes one ring after its bake is not taken back. Its log says why, or the rule that invokes it is off.',
      ),
      alarmRule: rule.allOf(
        rule.fromAlarm(unheard, cloudwatch.AlarmState.ALARM),
        rule.not(rule.fromAlarm(sweep, cloudwatch.AlarmState.ALARM)),
      ),
    });
  }
}

/** What an alarm is called in the account. */
function nameOf(name: string): string {
  return `fairlead-${name}`;
}

function idOf(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

function describe(name: string, says: string): string {
  return `${says} See "${name}" in docs/alarms.md, or by symptom "Alarms" in docs/troubleshooting.md.`;
}
