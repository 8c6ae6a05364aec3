import type { Principal } from './admission.ts';
import { isSignedBy, readSignature, type SignedRequest, timeOf } from './sigv4.ts';

const PREFIX = 'k8s-aws-v1.';
const LIFE_MS = 15 * 60_000;
const SKEW_MS = 5 * 60_000;
const STS = /^sts(\.[a-z0-9-]+)?\.amazonaws\.com$/;

/**
 * Who an EKS bearer token speaks for, or undefined when it is not good.
 *
 * The token is a presigned URL of STS GetCallerIdentity whose signed header x-k8s-aws-id names the cluster; it is
 * good for 15 minutes whatever X-Amz-Expires says. EKS sends it to STS; here the signature is checked in place.
 * Source: aws-iam-authenticator, pkg/token.
 */
export function verifyEksToken(
  token: string,
  {
    clusterName,
    principals,
    now = Date.now(),
  }: { clusterName: string; principals: readonly Principal[]; now?: number },
): { arn: string } | undefined {
  if (!token.startsWith(PREFIX)) return undefined;
  const url = presignedUrl(Buffer.from(token.slice(PREFIX.length), 'base64url').toString('utf8'));
  if (url === undefined) return undefined;
  const request: SignedRequest = {
    method: 'GET',
    target: `${url.pathname}${url.search}`,
    headers: { host: url.host, 'x-k8s-aws-id': clusterName },
    body: Buffer.alloc(0),
  };
  const signed = readSignature(request);
  if (signed === undefined || !signed.signedHeaders.includes('x-k8s-aws-id')) return undefined;
  const age = now - timeOf(signed.timestamp);
  if (signed.scope.service !== 'sts' || age > LIFE_MS || age < -SKEW_MS) return undefined;
  const principal = principals.find(({ accessKeyId }) => accessKeyId === signed.scope.accessKeyId);
  if (principal === undefined || principal.sessionToken !== signed.sessionToken) return undefined;
  return isSignedBy(principal.secretAccessKey, request, signed) ? { arn: principal.arn } : undefined;
}

/** The URL, if it is one that asks STS who the caller is, and nothing else. */
function presignedUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const asks = url.searchParams.get('Action') === 'GetCallerIdentity' && url.pathname === '/';
  return asks && url.protocol === 'https:' && STS.test(url.host) ? url : undefined;
}
