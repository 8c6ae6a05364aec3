import { Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Characters that an event pattern may have ("Amazon EventBridge quotas", Event pattern size), and those of the rest of ours. */
const [PATTERN, REST] = [2048, 250];
/** Characters that an ARN has beside the name, in whichever partition and region, with its quotes and a comma. */
const BESIDE_NAME = 70;

/**
 * Invokes `receiver` whenever a branch of one of `repositories` moves, comes or goes: by as many rules as it takes to name
 * them. What cannot be delivered in a day goes to `deadLetters`, where an alarm sees it; by then a sweep has long deployed
 * the branch's head.
 */
export function invokeOnPush(
  scope: Construct,
  receiver: lambda.IFunction,
  repositories: readonly string[],
  deadLetters: sqs.IQueue,
): void {
  for (const [at, names] of inGroups(repositories).entries())
    new events.Rule(scope, `CodeCommitPushes${at === 0 ? '' : at + 1}`, {
      description: 'Fairlead: pushes to repositories of CodeCommit',
      eventPattern: {
        source: ['aws.codecommit'],
        detailType: ['CodeCommit Repository State Change'],
        resources: names.map((name) => arnOf(scope, name)),
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

/** As many at a time as an event pattern may name; statements of that size can be parted among policies. */
function inGroups(repositories: readonly string[]): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const name of repositories) {
    const length = BESIDE_NAME + name.length;
    if (length > room) {
      groups.push([]);
      room = PATTERN - REST;
    }
    groups.at(-1)?.push(name);
    room -= length;
  }
  return groups;
}

/** Who asks where branches are, when that was committed, and who reads commits: of no repository but `repositories`. */
export function grantCodeCommit(
  scope: Construct,
  repositories: readonly string[],
  { heads, news, pulls }: { heads: iam.IGrantable[]; news: iam.IGrantable[]; pulls: iam.IGrantable[] },
): void {
  const groups = inGroups(repositories).map((names) => names.map((name) => arnOf(scope, name)));
  const allow = (grantees: iam.IGrantable[], ...actions: string[]) => {
    for (const { grantPrincipal } of grantees)
      for (const resources of groups)
        grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources }));
  };
  allow(heads, 'codecommit:GetBranch', 'codecommit:ListBranches');
  allow(news, 'codecommit:BatchGetCommits');
  allow(pulls, 'codecommit:GitPull');
}

function arnOf(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({ service: 'codecommit', resource: name });
}
