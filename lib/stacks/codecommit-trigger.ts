import { Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/**
 * Invokes `receiver` whenever a branch of one of `repositories` moves, comes or goes. What cannot be delivered in a day
 * goes to `deadLetters`, where an alarm sees it; by then a sweep has long deployed the branch's head.
 */
export function invokeOnPush(
  scope: Construct,
  receiver: lambda.IFunction,
  repositories: readonly string[],
  deadLetters: sqs.IQueue,
): events.Rule {
  return new events.Rule(scope, 'CodeCommitPushes', {
    description: 'Fairlead: pushes to repositories of CodeCommit',
    eventPattern: {
      source: ['aws.codecommit'],
      detailType: ['CodeCommit Repository State Change'],
      resources: repositories.map((name) => arnOf(scope, name)),
      detail: {
        event: ['referenceCreated', 'referenceUpdated', 'referenceDeleted'],
        referenceType: ['branch'],
      },
    },
    targets: [
      new targets.LambdaFunction(receiver, {
        deadLetterQueue: deadLetters,
        maxEventAge: Duration.hours(24),
        retryAttempts: 20,
      }),
    ],
  });
}

/** Who asks where branches are, when that was committed, and who reads commits: of no repository but `repositories`. */
export function grantCodeCommit(
  scope: Construct,
  repositories: readonly string[],
  { heads, news, pulls }: { heads: iam.IGrantable[]; news: iam.IGrantable[]; pulls: iam.IGrantable[] },
): void {
  const resources = repositories.map((name) => arnOf(scope, name));
  const allow = (grantees: iam.IGrantable[], ...actions: string[]) => {
    for (const { grantPrincipal } of grantees)
      grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources }));
  };
  allow(heads, 'codecommit:GetBranch', 'codecommit:ListBranches');
  allow(news, 'codecommit:BatchGetCommits');
  allow(pulls, 'codecommit:GitPull');
}

function arnOf(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({ service: 'codecommit', resource: name });
}
