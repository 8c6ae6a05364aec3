import { startCloud } from '../../unit/local-aws/cloud.ts';
import { start } from '../../unit/local-lambda/local-lambda.ts';
import { CREDENTIALS, reach } from './place.ts';
import { awsSuite } from './suite.ts';

awsSuite('the local cloud', async () => {
  const account = '000000000000';
  const arn = `arn:aws:iam::${account}:role/pipeline`;
  const cloud = await startCloud({ principals: [{ ...CREDENTIALS, arn }] });
  const lambda = await start({ callee: { code: 'export const handler = async () => null' } });
  return {
    ...reach(cloud.endpoint, lambda.endpoint),
    name: 'the local cloud',
    account,
    callee: 'callee',
    topic: `arn:aws:sns:us-east-1:${account}:alarms`,
    close: async () => {
      await lambda.close();
      await cloud.close();
    },
  };
});
