import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { CREDENTIALS, REGION } from './place.ts';

const NAME = 'callee';

/** Has moto know a function, which it does not run: it would take Docker. @returns its name */
export async function makeFunction(endpoint: string): Promise<string> {
  await fetch(new URL('/moto-api/config', endpoint), {
    method: 'POST',
    body: JSON.stringify({ lambda: { use_docker: false } }),
  });
  const client = new LambdaClient({ endpoint, region: REGION, credentials: CREDENTIALS, maxAttempts: 1 });
  const create = new CreateFunctionCommand({
    FunctionName: NAME,
    Runtime: 'nodejs22.x',
    Role: await makeRole(endpoint),
    Handler: 'index.handler',
    Code: { ZipFile: new Uint8Array(EMPTY_ZIP) },
  });
  await client.send(create);
  client.destroy();
  return NAME;
}

/** An archive without a file: its end record alone (APPNOTE.TXT, 4.3.16). */
const EMPTY_ZIP = Buffer.from('504b0506'.padEnd(44, '0'), 'hex');

/** A role that a function may have. Moto asks for no signature, but finds the service by it. */
async function makeRole(endpoint: string): Promise<string> {
  const scope = `${CREDENTIALS.accessKeyId}/20260101/${REGION}/iam/aws4_request`;
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` },
    body: new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: 'callee',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
    }),
  });
  const arn = /<Arn>([^<]+)<\/Arn>/.exec(await answer.text())?.[1];
  if (arn === undefined) throw new Error(`moto made no role: HTTP status ${answer.status}`);
  return arn;
}

/** @returns the ARN of an SNS topic */
export async function makeTopic(endpoint: string): Promise<string> {
  const client = new SNSClient({ endpoint, region: REGION, credentials: CREDENTIALS, maxAttempts: 1 });
  const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: 'alarms' }));
  client.destroy();
  return TopicArn;
}
