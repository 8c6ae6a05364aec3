import { expect } from 'vitest';
import { invokeLater } from '../../../lib/aws/lambda.ts';
import type { Part } from './suite.ts';

/** Functions, as one has another invoked. */
export const lambdaSuite: Part = (test, place) => {
  test('a function is invoked by and by, by its name and by its ARN', async () => {
    const { account, aws, callee, client } = place();
    const arn = `arn:aws:lambda:${client.region}:${account}:function:${callee}`;
    for (const target of [callee, arn])
      expect(await invokeLater(aws, target, { do: 'nothing' })).toEqual({ execution: undefined });
  });

  test('a function that is not there is told by its name', async () => {
    const absent = await invokeLater(place().aws, 'no-such-function', {}).catch((error: unknown) => error);
    expect(absent).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });
};
