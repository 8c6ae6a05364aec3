import { expect, test } from 'vitest';
import { readAws } from '../../../lambdas/aws-settings.ts';

const LAMBDA = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIA',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'session',
};

test('what Lambda sets is who calls, and where', () => {
  const aws = readAws(LAMBDA);
  expect(aws).toMatchObject({ region: 'eu-west-1', attempts: 3 });
  expect(aws.credentials()).toEqual({
    accessKeyId: 'AKIA',
    secretAccessKey: 'secret',
    sessionToken: 'session',
  });
  expect([aws.endpointOf('lambda'), aws.trace()]).toEqual([undefined, undefined]);
});

test('the endpoint of one service goes before that of all', () => {
  const aws = readAws({
    ...LAMBDA,
    AWS_ENDPOINT_URL: 'http://all',
    AWS_ENDPOINT_URL_LAMBDA: 'http://lambda',
  });
  expect([aws.endpointOf('lambda'), aws.endpointOf('secretsmanager')]).toEqual([
    'http://lambda',
    'http://all',
  ]);
});

test('what changes between invocations is read anew', () => {
  const variables: Record<string, string | undefined> = { ...LAMBDA };
  const aws = readAws(variables);
  Object.assign(variables, { _X_AMZN_TRACE_ID: 'Root=1', AWS_ACCESS_KEY_ID: 'ASIA', AWS_SESSION_TOKEN: '' });
  expect(aws.trace()).toBe('Root=1');
  expect(aws.credentials()).toEqual({ accessKeyId: 'ASIA', secretAccessKey: 'secret' });
});

test('what is missing is named', () => {
  expect(() => readAws({})).toThrow(/AWS_REGION is not set/);
  const aws = readAws({ AWS_REGION: 'eu-west-1' });
  expect(() => aws.credentials()).toThrow(/AWS_ACCESS_KEY_ID is not set; AWS_SECRET_ACCESS_KEY is not set/);
});
