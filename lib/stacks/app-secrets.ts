import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { acknowledge, resourcePattern } from './acknowledgements.ts';

/**
 * What the names of secrets begin with that apps may have: `fairlead/shop/database`. By their name
 * and not by a tag: so it is certain that nothing which was there before, and none of the installation's own secrets,
 * can be asked for by a line in an app's repository.
 */
const APP_SECRETS_PREFIX = 'fairlead/';

/** Lets `made` do `action` with the secrets of apps (`secretsmanager:GetSecretValue`), and with no others. */
export function grantAppSecrets(made: lambda.Function, action: string): void {
  const arn = Stack.of(made).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${APP_SECRETS_PREFIX}*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  made.addToRolePolicy(new iam.PolicyStatement({ actions: [action], resources: [arn] }));
  acknowledge(
    made,
    'Apps name their secrets after this is deployed; the prefix is theirs alone',
    resourcePattern(
      `arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${APP_SECRETS_PREFIX}*`,
    ),
  );
}

/** Lets `grantee` read what is in `secret`, and nothing about it. */
export function grantValue(grantee: iam.IGrantable, secret: secretsmanager.ISecret): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    }),
  );
}
