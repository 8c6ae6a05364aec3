import { KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Extension, Name, X509Certificate } from '@peculiar/x509';

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

type X509 = typeof import('@peculiar/x509');

const year = 365 * 24 * 3_600_000;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate authority that lives as long as the process: EC P-256, X.509 version 3 (RFC 5280). */
export class Authority {
  /** PEM */
  readonly certificate: string;
  readonly #x509: X509;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #name: Name;

  private constructor(x509: X509, keys: webcrypto.CryptoKeyPair, certificate: X509Certificate) {
    this.certificate = pem(certificate);
    this.#x509 = x509;
    this.#keys = keys;
    this.#name = certificate.subjectName;
  }

  /** An authority of this name, with a key that never leaves it. */
  static async create(commonName: string): Promise<Authority> {
    const x509 = await load();
    const keys = await keyPair(false);
    const { BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags, SubjectKeyIdentifierExtension } =
      x509;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: distinguishedName(x509, { commonName }),
      keys,
      signingAlgorithm: ecdsa,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(x509, keys, certificate);
  }

  /** A certificate for a server at these host names and addresses. */
  server(commonName: string, hosts: readonly string[]): Promise<Credential> {
    const { ExtendedKeyUsage, ExtendedKeyUsageExtension, SubjectAlternativeNameExtension } = this.#x509;
    const names = hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }) as const);
    return this.#issue({ commonName }, [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names),
    ]);
  }

  /** A certificate that its holder presents to be known. */
  client(subject: Subject): Promise<Credential> {
    const { ExtendedKeyUsage, ExtendedKeyUsageExtension } = this.#x509;
    return this.#issue(subject, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
  }

  async #issue(subject: Subject, extensions: Extension[]): Promise<Credential> {
    const { AuthorityKeyIdentifierExtension, KeyUsagesExtension, KeyUsageFlags } = this.#x509;
    const { publicKey, privateKey } = await keyPair(true);
    const certificate = await this.#x509.X509CertificateGenerator.create({
      ...validity(),
      subject: distinguishedName(this.#x509, subject),
      issuer: this.#name,
      publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ecdsa,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
        ...extensions,
      ],
    });
    const key = KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
    return { certificate: pem(certificate), key };
  }
}

/** Loaded when first needed: it takes some 15 MB and more than a tenth of a second. */
async function load(): Promise<X509> {
  // The library's dependency injection asks for it, and leaves the choice of one to its user.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function keyPair(extractable: boolean): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ecdsa, extractable, ['sign', 'verify']);
}

/** Ten years, from an hour ago: clocks differ. */
function validity() {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 10 * year) };
}

function distinguishedName(x509: X509, { commonName, organization }: Subject): Name {
  // As UTF8String: of plain strings, the library reads some as hexadecimal.
  const parts = [{ CN: [{ utf8String: commonName }] }];
  return new x509.Name(
    organization === undefined ? parts : [{ O: [{ utf8String: organization }] }, ...parts],
  );
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
