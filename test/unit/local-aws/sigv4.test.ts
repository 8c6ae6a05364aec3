import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSignedBy, readSignature, type SignedRequest } from '../../../local/aws/sigv4.ts';
import { builder, region } from './cloud.ts';

const signer = new SignatureV4({ service: 'lambda', region, credentials: builder, sha256: Sha256 });
const percent = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A request as an SDK puts it on the wire, signed by AWS's own signer. */
async function signed(
  segments: string[],
  query: Record<string, string>,
  body: string,
): Promise<SignedRequest> {
  const path = `/${segments.map(percent).join('/')}`;
  const request = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query,
    headers: { host: '127.0.0.1:4566', 'x-amz-thing': '  two   spaces ' },
    body,
  });
  const search = Object.entries(query).map(([name, value]) => `${percent(name)}=${percent(value)}`);
  const target = search.length > 0 ? `${path}?${search.join('&')}` : path;
  return { method: 'POST', target, headers: request.headers, body: Buffer.from(body) };
}

const verify = (request: SignedRequest, secret = builder.secretAccessKey) => {
  const signature = readSignature(request);
  return signature !== undefined && isSignedBy(secret, request, signature);
};

const segment = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text !== '.' && text !== '..');
// AWS's signer itself loses a parameter that is called as an object's prototype.
const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
const query = fc.dictionary(name, fc.string(), { maxKeys: 4, noNullPrototype: true });

test("whatever AWS's signer signs is good, and nothing else is", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 3 }),
      query,
      fc.string(),
      async (segments, parameters, body) => {
        const request = await signed(segments, parameters, body);
        expect(verify(request)).toBe(true);
        expect(verify(request, 'another secret')).toBe(false);
        expect(verify({ ...request, method: 'GET' })).toBe(false);
        expect(verify({ ...request, target: `${request.target}x` })).toBe(false);
        expect(verify({ ...request, body: Buffer.from(`${body} `) })).toBe(false);
        expect(verify({ ...request, headers: { ...request.headers, host: 'elsewhere' } })).toBe(false);
      },
    ),
  );
});

test.each([
  '',
  'Basic QVdTOng=',
  'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0',
  `AWS4-HMAC-SHA256 Credential=a/20260101/r/s/aws4_request/more, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
])('what is not a signature is not read as one: %s', (authorization) => {
  const headers = { authorization, 'x-amz-date': '20260101T000000Z', host: 'a' };
  expect(readSignature({ method: 'GET', target: '/', headers, body: Buffer.alloc(0) })).toBeUndefined();
});
