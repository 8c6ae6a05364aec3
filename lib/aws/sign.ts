import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Aws, Call } from './types.ts';

/** SHA-256, keyed or not, as the signer asks for it. */
class Sha256 {
  readonly #secret: Secret | undefined;
  #hash;

  constructor(secret?: Secret) {
    this.#secret = secret;
    this.#hash = this.#begin();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin() {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#secret));
  }
}

type Secret = string | ArrayBuffer | ArrayBufferView;

function bytesOf(secret: Secret): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  if (!ArrayBuffer.isView(secret)) return new Uint8Array(secret);
  return new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength);
}

/** The headers that `call` is sent with to `url`: signed by Signature Version 4, and with the trace that goes on. */
export async function sign(aws: Aws, call: Call, url: URL): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service: call.service,
    region: aws.region,
    credentials: aws.credentials(),
    sha256: Sha256,
  });
  const { headers } = await signer.sign({
    method: call.method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: { ...call.query },
    headers: { ...call.headers, host: url.host },
    ...(call.body === undefined ? {} : { body: call.body }),
  });
  const trace = aws.trace();
  // What is on the way may change it, so it is not signed. It is also what Lambda knows endless loops by.
  return {
    ...headers,
    'user-agent': 'fairlead',
    ...(trace === undefined ? {} : { 'x-amzn-trace-id': trace }),
  };
}
