import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, test } from 'vitest';
import { verifyEksToken } from '../../../local/aws/eks-token.ts';
import { builder, region } from './cloud.ts';

/** A token as `aws eks get-token` makes it, by AWS's own signer. */
async function tokenFor({
  cluster = 'local',
  credentials = builder,
  at = new Date(),
  host = `sts.${region}.amazonaws.com`,
  action = 'GetCallerIdentity',
  signCluster = true,
} = {}): Promise<string> {
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: host,
      path: '/',
      headers: { host, ...(signCluster ? { 'x-k8s-aws-id': cluster } : {}) },
      query: { Action: action, Version: '2011-06-15' },
    },
    { expiresIn: 60, signingDate: at, unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  );
  const query = new URLSearchParams(signed.query as Record<string, string>);
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query}`).toString('base64url')}`;
}

const check = (token: string, now?: number) =>
  verifyEksToken(token, { clusterName: 'local', principals: [builder], now });

test('a token for this cluster speaks for who signed it', async () => {
  expect(check(await tokenFor())).toEqual({ arn: builder.arn });
});

test('it is good for 15 minutes', async () => {
  const token = await tokenFor({ at: new Date(1_000_000_000_000) });
  expect(check(token, 1_000_000_000_000 + 14 * 60_000)).toBeDefined();
  expect(check(token, 1_000_000_000_000 + 16 * 60_000)).toBeUndefined();
  expect(check(token, 1_000_000_000_000 - 10 * 60_000)).toBeUndefined();
});

test.each([
  ['another cluster', { cluster: 'other' }],
  ['a forged key', { credentials: { ...builder, secretAccessKey: 'guessed' } }],
  ['an unknown key', { credentials: { ...builder, accessKeyId: 'AKIANOBODY' } }],
  ['another host', { host: 'sts.example.com' }],
  ['another action', { action: 'GetSessionToken' }],
  ['no cluster signed', { signCluster: false }],
])('a token for %s is not good', async (_, wrong) => {
  expect(check(await tokenFor(wrong))).toBeUndefined();
});

test.each([
  '',
  'k8s-aws-v1.',
  'k8s-aws-v1.%%%',
  'Bearer x',
  `k8s-aws-v1.${Buffer.from('x').toString('base64')}`,
])('rubbish is not good: %s', (token) => {
  expect(check(token)).toBeUndefined();
});
