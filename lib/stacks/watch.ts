import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge, resourcePattern } from './acknowledgements.ts';

const ALARMS_PATTERN = 'arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*';
const ALARMS_REASON = 'Apps name their alarms themselves, so no name is known here; only reading is allowed';

/** Invokes `made` whenever an alarm of the account begins to ring; what cannot be delivered goes to `deadLetters`. */
export function invokeOnAlarm(
  scope: Construct,
  made: lambda.IFunction,
  deadLetters: sqs.IQueue,
): events.Rule {
  return new events.Rule(scope, 'RingingAlarms', {
    description: 'Fairlead: an alarm may take a release back',
    eventPattern: {
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      detail: { state: { value: ['ALARM'] } },
    },
    targets: [
      new targets.LambdaFunction(made, {
        deadLetterQueue: deadLetters,
        // A release is watched for hours at most: an alarm that is told later takes nothing back.
        maxEventAge: Duration.hours(2),
        retryAttempts: 5,
      }),
    ],
  });
}

/** Lets `made` read the tags of alarms. */
export function grantTags(made: lambda.Function): void {
  allow(made, ['cloudwatch:ListTagsForResource'], alarmsOf(made));
  acknowledge(made, ALARMS_REASON, resourcePattern(ALARMS_PATTERN));
}

/** Lets `made` look at releases that bake: at alarms, by name and by tag, and at metrics. */
export function grantLook(made: lambda.Function): void {
  // Composite alarms are shown to nobody whose right is narrower than `*` (API_DescribeAlarms, Amazon CloudWatch API
  // Reference), be it by a pattern that all alarms have. The others take no resource.
  allow(made, ['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData', 'tag:GetResources'], '*');
  acknowledge(
    made,
    'CloudWatch shows composite alarms only to who may see all alarms; the other actions take no resource; all of them only read',
    resourcePattern('*'),
  );
}

/** Lets `made` ask how executions of `durable` go on. */
export function grantFollow(made: lambda.Function, durable: lambda.Function): void {
  // `FUNCTION:VERSION/durable-execution/NAME/ID`
  allow(made, ['lambda:GetDurableExecution'], `${durable.functionArn}:*/durable-execution/*`);
  acknowledge(
    made,
    'Executions have names and versions that come after this; they are those of one function',
    resourcePattern('<Deploy7B206E61.Arn>:*/durable-execution/*'),
  );
}

function alarmsOf(made: lambda.Function): string {
  return Stack.of(made).formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

function allow(made: lambda.Function, actions: string[], resource: string): void {
  made.addToRolePolicy(new iam.PolicyStatement({ actions, resources: [resource] }));
}
