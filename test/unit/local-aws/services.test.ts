import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
} from '@aws-sdk/client-ecr';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { as, builder, serveRegistry, startCloud } from './cloud.ts';

const manifest = JSON.stringify({ schemaVersion: 2, layers: [{ size: 30 }, { size: 12 }] });
let registry: Awaited<ReturnType<typeof serveRegistry>>;
let cloud: Awaited<ReturnType<typeof startCloud>>;
let clusterIsUp = false;

beforeAll(async () => {
  registry = await serveRegistry('fairlead/web', ['v1', 'v2'], manifest);
  cloud = await startCloud({
    registry,
    cluster: () =>
      clusterIsUp ? { name: 'local', endpoint: 'https://127.0.0.1:6443', ca: 'PEM' } : undefined,
    secrets: { webhook: 'first' },
    alarms: ['errors'],
  });
});
afterAll(async () => {
  await cloud.close();
  await registry.close();
});

describe('ECR', () => {
  const client = () => new ECRClient(as(builder, cloud.endpoint));

  test('gives a password for the registry that ends', async () => {
    const { authorizationData } = await client().send(new GetAuthorizationTokenCommand({}));
    const [data] = authorizationData ?? [];
    expect(Buffer.from(data?.authorizationToken ?? '', 'base64').toString()).toMatch(/^AWS:.{20,}$/);
    expect(data?.proxyEndpoint).toBe(registry.url);
    expect((data?.expiresAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(3_600_000);
  });

  test('creates a repository once', async () => {
    const { repository } = await client().send(
      new CreateRepositoryCommand({ repositoryName: 'fairlead/api' }),
    );
    expect(repository?.repositoryUri).toBe(`${registry.host}/fairlead/api`);
    expect(repository?.createdAt).toBeInstanceOf(Date);
    await expect(
      client().send(new CreateRepositoryCommand({ repositoryName: 'fairlead/api' })),
    ).rejects.toMatchObject({ name: 'RepositoryAlreadyExistsException' });
  });

  test('describes what was created and what was pushed, and nothing else', async () => {
    const { repositories } = await client().send(new DescribeRepositoriesCommand({}));
    expect(repositories?.map((repository) => repository.repositoryName)).toContain('fairlead/web');
    await expect(
      client().send(new DescribeRepositoriesCommand({ repositoryNames: ['nowhere'] })),
    ).rejects.toMatchObject({ name: 'RepositoryNotFoundException' });
  });

  test('reads images from the registry by tag and by digest', async () => {
    const repositoryName = 'fairlead/web';
    const imageDigest = registry.digest;
    const all = await client().send(new DescribeImagesCommand({ repositoryName }));
    expect(all.imageDetails).toMatchObject([{ imageDigest, imageTags: ['v1', 'v2'], imageSizeInBytes: 42 }]);
    const listed = await client().send(new ListImagesCommand({ repositoryName }));
    expect(listed.imageIds).toEqual([
      { imageDigest, imageTag: 'v1' },
      { imageDigest, imageTag: 'v2' },
    ]);
    const batch = await client().send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageDigest }, { imageTag: 'v9' }] }),
    );
    expect(batch.images?.[0]?.imageManifest).toBe(manifest);
    expect(batch.failures?.[0]?.failureCode).toBe('ImageNotFound');
    await expect(
      client().send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: 'v9' }] })),
    ).rejects.toMatchObject({ name: 'ImageNotFoundException' });
  });
});

describe('Secrets Manager', () => {
  const client = () => new SecretsManagerClient(as(builder, cloud.endpoint));
  const read = async (SecretId: string, VersionStage?: string) =>
    (await client().send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString;

  test('a new value is current and the old one previous', async () => {
    expect(await read('webhook')).toBe('first');
    await client().send(new PutSecretValueCommand({ SecretId: 'webhook', SecretString: 'second' }));
    await client().send(new PutSecretValueCommand({ SecretId: 'webhook', SecretString: 'third' }));
    expect(await read('webhook')).toBe('third');
    expect(await read('webhook', 'AWSPREVIOUS')).toBe('second');
    const described = await client().send(new DescribeSecretCommand({ SecretId: 'webhook' }));
    expect(Object.values(described.VersionIdsToStages ?? {})).toEqual([['AWSCURRENT'], ['AWSPREVIOUS']]);
  });

  test('is found by its ARN, whole or without its last characters', async () => {
    const { ARN = '' } = await client().send(new CreateSecretCommand({ Name: 'token', SecretString: 'x' }));
    expect(await read(ARN)).toBe('x');
    expect(await read(ARN.slice(0, -7))).toBe('x');
    await expect(read(`${ARN.slice(0, -7)}-aaaaaa`)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('the same token twice makes one version; another value with it is refused', async () => {
    const put = (SecretString: string) =>
      client().send(
        new PutSecretValueCommand({
          SecretId: 'token',
          SecretString,
          ClientRequestToken: '00000000-0000-0000-0000-000000000001',
        }),
      );
    expect((await put('y')).VersionId).toBe((await put('y')).VersionId);
    await expect(put('z')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('bytes stay bytes, and a secret without a value has none', async () => {
    await client().send(new CreateSecretCommand({ Name: 'bytes', SecretBinary: Uint8Array.of(0, 255) }));
    const { SecretBinary } = await client().send(new GetSecretValueCommand({ SecretId: 'bytes' }));
    expect(SecretBinary).toEqual(Uint8Array.of(0, 255));
    await client().send(new CreateSecretCommand({ Name: 'empty' }));
    await expect(read('empty')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('EKS tells where the cluster is once it is up', async () => {
  const client = new EKSClient(as(builder, cloud.endpoint));
  const ask = (name: string) => client.send(new DescribeClusterCommand({ name }));
  await expect(ask('local')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  clusterIsUp = true;
  const { cluster } = await ask('local');
  expect(cluster).toMatchObject({ status: 'ACTIVE', endpoint: 'https://127.0.0.1:6443' });
  expect(cluster?.certificateAuthority?.data).toBe(Buffer.from('PEM').toString('base64'));
  await expect(ask('other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('SNS keeps and tells what is published', async () => {
  const TopicArn = 'arn:aws:sns:us-east-1:000000000000:deployments';
  const heard = new Promise((resolve) => cloud.topics.published.once('message', resolve));
  const client = new SNSClient(as(builder, cloud.endpoint));
  const { MessageId } = await client.send(new PublishCommand({ TopicArn, Subject: 'a', Message: 'b & <c>' }));
  expect(await heard).toEqual({ id: MessageId, topicArn: TopicArn, subject: 'a', message: 'b & <c>' });
  await expect(client.send(new PublishCommand({ TopicArn, Message: '' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
});

test('CloudWatch keeps metrics, also compressed ones, and changes alarms by hand', async () => {
  const client = new CloudWatchClient(as(builder, cloud.endpoint));
  const MetricData = Array.from({ length: 500 }, (_, Value) => ({ MetricName: 'Deployments', Value }));
  await client.send(new PutMetricDataCommand({ Namespace: 'Fairlead', MetricData }));
  expect(cloud.cloudWatch.recent).toHaveLength(500);
  expect(cloud.cloudWatch.recent[499]).toEqual({
    namespace: 'Fairlead',
    datum: { MetricName: 'Deployments', Value: 499 },
  });
  await client.send(
    new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'test' }),
  );
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ StateValue: 'ALARM' }));
  expect(MetricAlarms).toMatchObject([{ AlarmName: 'errors', StateReason: 'test' }]);
  await expect(
    client.send(new SetAlarmStateCommand({ AlarmName: 'none', StateValue: 'OK', StateReason: 'x' })),
  ).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
});
