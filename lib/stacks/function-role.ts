import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeInVpc, resourcePattern } from './acknowledgements.ts';

/**
 * The role of a function, with what it takes to write its own log. AWS's managed policies, which the CDK would attach, let
 * it write, and make, every log of the account.
 */
export function functionRole(
  scope: Construct,
  id: string,
  log: logs.ILogGroup,
  { isInVpc, isTraced }: { isInVpc: boolean; isTraced: boolean },
): iam.Role {
  const role = new iam.Role(scope, `${id}ServiceRole`, {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  log.grantWrite(role);
  if (isInVpc) {
    role.addManagedPolicy(
      iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'),
    );
    acknowledgeInVpc(role);
  }
  if (isTraced)
    acknowledge(
      role,
      'Only actions that take no resource are allowed on all of them, as X-Ray’s: test/stacks/privileges.test.ts holds them to that',
      resourcePattern('*'),
    );
  return role;
}

/**
 * Lets the durable function `made` write down how far its executions are, and read it: its own, and no other function's.
 * A policy apart, as the function itself waits for those of its role.
 */
export function allowCheckpoints(scope: Construct, id: string, made: lambda.Function): void {
  if (made.role === undefined) throw new Error(`${id} has no role`);
  const policy = new iam.Policy(scope, `${id}Checkpoints`, {
    roles: [made.role],
    statements: [
      new iam.PolicyStatement({
        actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
        // `FUNCTION:VERSION/durable-execution/NAME/ID`
        resources: [`${made.functionArn}:*`],
      }),
    ],
  });
  const { logicalId } = made.node.defaultChild as lambda.CfnFunction;
  acknowledge(
    policy,
    'Executions have names and versions that come after this; they are those of one function',
    resourcePattern(`<${made.stack.resolve(logicalId)}.Arn>:*`),
  );
}
