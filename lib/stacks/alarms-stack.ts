import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { PipelineStack } from './pipeline-stack.ts';

export interface AlarmsStackProps extends StackProps {
  pipeline: PipelineStack;
  /** What the function deploy writes when a push did not become live, in CloudWatch's embedded metric format. */
  failedDeployments: Pick<cloudwatch.MetricProps, 'namespace' | 'metricName' | 'dimensionsMap'>;
}

/** What wakes a person: a deployment that failed, an event that nobody could handle, a function that breaks. */
export class AlarmsStack extends Stack {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, { pipeline, failedDeployments, ...props }: AlarmsStackProps) {
    super(scope, id, props);
    this.topic = new sns.Topic(this, 'Alarms', { enforceSSL: true, displayName: 'Fairlead' });

    this.alarm(
      'FailedDeployments',
      'A push did not become live: its commit status and the log of the function deploy say why.',
      new cloudwatch.Metric({ ...failedDeployments, statistic: 'Sum', period: Duration.minutes(1) }),
    );
    this.alarm(
      'DeadLetters',
      'An event was given up after its retries: it waits in the dead-letter queue.',
      pipeline.deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
    );
    for (const [name, made] of Object.entries(pipeline.functions))
      this.alarm(
        `${name}-errors`,
        `The function ${name} threw: its log has the stack trace.`,
        made.metricErrors({ statistic: 'Sum', period: Duration.minutes(5) }),
      );
    new CfnOutput(this, 'AlarmTopicArn', {
      value: this.topic.topicArn,
      description: 'Subscribe to it to be told',
    });
  }

  private alarm(id: string, alarmDescription: string, metric: cloudwatch.IMetric): void {
    const alarm = new cloudwatch.Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // No push, no data: that is quiet, not broken.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new actions.SnsAction(this.topic));
  }
}
