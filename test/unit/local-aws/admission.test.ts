import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ECRClient, GetAuthorizationTokenCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Admission, type AwsCall } from '../../../local/aws/admission.ts';
import { as, builder, region, startCloud } from './cloud.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const forger = { ...builder, secretAccessKey: 'guessed' };
const stranger = { ...builder, accessKeyId: 'AKIANOBODY' };

describe('a wrong signature', () => {
  test.each([
    ['ECR', () => new ECRClient(as(forger, cloud.endpoint)).send(new GetAuthorizationTokenCommand({}))],
    ['DynamoDB', () => new DynamoDBClient(as(forger, cloud.endpoint)).send(new ListTablesCommand({}))],
    ['EKS', () => new EKSClient(as(forger, cloud.endpoint)).send(new DescribeClusterCommand({ name: 'a' }))],
    [
      'CloudWatch',
      () =>
        new CloudWatchClient(as(forger, cloud.endpoint)).send(
          new PutMetricDataCommand({ Namespace: 'a', MetricData: [] }),
        ),
    ],
  ])('is refused in the way of %s', async (_, send) => {
    await expect(send()).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  test('is refused in the way of STS', async () => {
    const send = new STSClient(as(forger, cloud.endpoint)).send(new GetCallerIdentityCommand({}));
    await expect(send).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
  });
});

test('an unknown key is refused by its proper name', async () => {
  await expect(
    new SecretsManagerClient(as(stranger, cloud.endpoint)).send(new GetSecretValueCommand({ SecretId: 'a' })),
  ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  await expect(
    new STSClient(as(stranger, cloud.endpoint)).send(new GetCallerIdentityCommand({})),
  ).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});

test('no signature at all is refused', async () => {
  const response = await fetch(cloud.endpoint, { method: 'POST', body: '{}' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
});

test('a body that was changed after signing is refused', async () => {
  const client = new SecretsManagerClient(as(builder, cloud.endpoint));
  client.middlewareStack.add(
    (next) => (args) => {
      (args.request as { body: string }).body = '{"SecretId":"b"}';
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
});

test('a clock more than 5 minutes off is refused, one less is not', async () => {
  const off = (minutes: number) =>
    new STSClient({ ...as(builder, cloud.endpoint), systemClockOffset: minutes * 60_000 }).send(
      new GetCallerIdentityCommand({}),
    );
  await expect(off(4)).resolves.toMatchObject({ Arn: builder.arn });
  await expect(off(-4)).resolves.toMatchObject({ Arn: builder.arn });
  await expect(off(6)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  await expect(off(-6)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
});

test('an assumed role has keys of its own, good only with their session token', async () => {
  const client = new STSClient(as(builder, cloud.endpoint));
  const answer = await client.send(
    new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/deploy', RoleSessionName: 'one' }),
  );
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = answer.Credentials ?? {};
  const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  const me = await new STSClient(as(keys, cloud.endpoint)).send(new GetCallerIdentityCommand({}));
  expect(me.Arn).toBe('arn:aws:sts::000000000000:assumed-role/deploy/one');
  const bare = { ...keys, sessionToken: undefined };
  await expect(
    new STSClient(as(bare, cloud.endpoint)).send(new GetCallerIdentityCommand({})),
  ).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});

test('what the local cloud does not speak is an error that says so', async () => {
  const send = new ECRClient(as(builder, cloud.endpoint)).send(
    new PutImageCommand({ repositoryName: 'a', imageManifest: '{}' }),
  );
  await expect(send).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: expect.stringContaining('the local cloud does not speak ecr:PutImage'),
  });
});

test('calls that were let in are told with who, what and on what; refused ones are not', async () => {
  const calls: AwsCall[] = [];
  const hear = (call: AwsCall) => calls.push(call);
  cloud.calls.on('call', hear);
  await new EKSClient(as(builder, cloud.endpoint))
    .send(new DescribeClusterCommand({ name: 'x' }))
    .catch(() => {});
  await new EKSClient(as(forger, cloud.endpoint))
    .send(new DescribeClusterCommand({ name: 'x' }))
    .catch(() => {});
  await new ECRClient(as(builder, cloud.endpoint)).send(new GetAuthorizationTokenCommand({}));
  cloud.calls.off('call', hear);
  expect(calls).toEqual([
    {
      principal: builder.arn,
      service: 'eks',
      action: 'DescribeCluster',
      resource: `arn:aws:eks:${region}:000000000000:cluster/x`,
    },
    { principal: builder.arn, service: 'ecr', action: 'GetAuthorizationToken', resource: undefined },
  ]);
});

test('the documented example of the Signature Version 4 guide verifies', () => {
  // "Elements of an AWS API request signature", AWS General Reference: IAM ListUsers of 2015-08-30.
  const admission = new Admission([
    {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      arn: 'arn:aws:iam::123456789012:user/example',
    },
  ]);
  const request = {
    method: 'GET',
    target: '/?Action=ListUsers&Version=2010-05-08',
    headers: {
      host: 'iam.amazonaws.com',
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
        'SignedHeaders=content-type;host;x-amz-date, ' +
        'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    },
    body: Buffer.alloc(0),
  };
  const then = Date.UTC(2015, 7, 30, 12, 36);
  expect(admission.check(request, then)).toMatchObject({ admitted: true, service: 'iam' });
  expect(admission.check({ ...request, target: '/?Action=ListUser' }, then)).toMatchObject({
    refusal: 'wrong-signature',
  });
});
