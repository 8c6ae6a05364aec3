import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

/** Whose token, for which cluster. */
export interface TokenSubject {
  clusterName: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  now?: Date;
}

/** Kubernetes takes a token for 15 minutes after its signature (aws-iam-authenticator, "API Authorization"). */
export const TOKEN_LIFE_MS = 14 * 60_000;

/**
 * The bearer token that `aws eks get-token` prints: a presigned STS GetCallerIdentity URL that is bound to the
 * cluster by a signed header. It is made here, without asking anyone.
 */
export async function signToken({ clusterName, region, credentials, now }: TokenSubject): Promise<string> {
  const hostname = `sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, 'x-k8s-aws-id': clusterName },
  };
  const { query = {} } = await signer.presign(request, { expiresIn: 60, signingDate: now });
  const parameters = Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  const url = `https://${hostname}/?${parameters.join('&')}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}
