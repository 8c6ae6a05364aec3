import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Admission, type AwsCall } from '../../../local/aws/admission.ts';
import { credentials, region, start } from './local-lambda.ts';

const role = 'arn:aws:iam::000000000000:role/deploy';
const admission = new Admission([{ ...credentials, arn: role }]);
const calls: AwsCall[] = [];
let lambda: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  admission.calls.on('call', (call) => calls.push(call));
  lambda = await start(
    {
      plain: { code: 'export const handler = async () => 1' },
      flow: {
        code: `import { withDurableExecution } from '@aws/durable-execution-sdk-js';
          export const handler = withDurableExecution(async (_: any, context: any) => context.invoke('plain:live', {}));`,
        durable: { executionTimeout: 60 },
      },
    },
    { admission },
  );
});
afterAll(() => lambda.close());

test('a call that is not signed by a known key is refused', async () => {
  const forger = { ...credentials, secretAccessKey: 'guessed' };
  const client = new LambdaClient({ endpoint: lambda.endpoint, region, credentials: forger, maxAttempts: 1 });
  await expect(client.send(new InvokeCommand({ FunctionName: 'plain' }))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
    $metadata: { httpStatusCode: 403 },
  });
  expect(calls).toEqual([]);
});

test("what a durable function does is told as calls of its role, with IAM's names", async () => {
  expect((await lambda.call('flow:1')).value).toBe(1);
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function';
  const execution = expect.stringContaining(`${arn}:flow:1/durable-execution/`);
  const lambdaCall = (action: string, resource: unknown) => ({
    principal: role,
    service: 'lambda',
    action,
    resource,
  });
  expect(calls[0]).toEqual(lambdaCall('InvokeFunction', `${arn}:flow:1`));
  expect(calls).toContainEqual(lambdaCall('CheckpointDurableExecution', execution));
  expect(calls).toContainEqual(lambdaCall('InvokeFunction', `${arn}:plain:live`));
});
