import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { der } from './der.ts';

/** A certificate with its key, both PEM. */
export interface Credential {
  certificate: string;
  key: string;
}

/** Who a certificate is for; clients are known by both. */
export interface Subject {
  commonName: string;
  organization?: string;
}

const year = 365 * 24 * 3_600_000;
const ecdsaWithSha256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));

/** A certificate authority that lives as long as the process: EC P-256, X.509 version 3 (RFC 5280). */
export class Authority {
  readonly certificate: string;
  readonly #subject: Subject;
  readonly #keys = keyPair();

  constructor(commonName: string) {
    this.#subject = { commonName };
    this.certificate = this.#certify(
      this.#subject,
      this.#keys.publicKey,
      authorityExtensions(this.#keys.publicKey),
    );
  }

  /** A certificate for a server at these host names and addresses. */
  server(commonName: string, hosts: readonly string[]): Credential {
    return this.#issue({ commonName }, [extendedKeyUsage('1.3.6.1.5.5.7.3.1'), alternativeNames(hosts)]);
  }

  /** A certificate that its holder presents to be known. */
  client(subject: Subject): Credential {
    return this.#issue(subject, [extendedKeyUsage('1.3.6.1.5.5.7.3.2')]);
  }

  #issue(subject: Subject, extensions: Buffer[]): Credential {
    const { publicKey, privateKey } = keyPair();
    const digitalSignature = extension('2.5.29.15', der.bits(Buffer.from([0x80]), 7), true);
    const issuer = extension('2.5.29.35', der.sequence(der.implicit(0, keyIdentifier(this.#keys.publicKey))));
    const certificate = this.#certify(subject, publicKey, [digitalSignature, issuer, ...extensions]);
    return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  #certify(subject: Subject, key: KeyObject, extensions: Buffer[]): string {
    const body = der.sequence(
      der.explicit(0, der.integer(Buffer.from([2]))),
      der.integer(serialNumber()),
      ecdsaWithSha256,
      distinguishedName(this.#subject),
      der.sequence(der.time(new Date(Date.now() - 3_600_000)), der.time(new Date(Date.now() + 10 * year))),
      distinguishedName(subject),
      key.export({ type: 'spki', format: 'der' }),
      der.explicit(3, der.sequence(...extensions)),
    );
    const signature = sign('sha256', body, this.#keys.privateKey);
    return pem(der.sequence(body, ecdsaWithSha256, der.bits(signature)));
  }
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  // Positive, and without a leading zero byte.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function distinguishedName({ commonName, organization }: Subject): Buffer {
  const attribute = (oid: string, value: string) => der.set(der.sequence(der.oid(oid), der.text(value)));
  const parts = [attribute('2.5.4.3', commonName)];
  if (organization !== undefined) parts.unshift(attribute('2.5.4.10', organization));
  return der.sequence(...parts);
}

function extension(oid: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octets(value));
}

function authorityExtensions(key: KeyObject): Buffer[] {
  const keyCertSignAndCrlSign = der.bits(Buffer.from([0x06]), 1);
  return [
    extension('2.5.29.19', der.sequence(der.boolean(true)), true),
    extension('2.5.29.15', keyCertSignAndCrlSign, true),
    extension('2.5.29.14', der.octets(keyIdentifier(key))),
  ];
}

function extendedKeyUsage(oid: string): Buffer {
  return extension('2.5.29.37', der.sequence(der.oid(oid)));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 4
      ? der.implicit(7, Buffer.from(host.split('.').map(Number)))
      : der.implicit(2, Buffer.from(host)),
  );
  return extension('2.5.29.17', der.sequence(...names));
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
