import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { Authority } from '../../../local/kubernetes/api/tls/certificates.ts';

test('an authority may sign certificates, and nothing may be signed with what it issues', async () => {
  const authority = await Authority.create('ca');
  const issuer = new X509Certificate(authority.certificate);
  expect([issuer.subject, issuer.issuer, issuer.ca]).toEqual(['CN=ca', 'CN=ca', true]);
  const client = new X509Certificate((await authority.client({ commonName: 'c' })).certificate);
  expect([client.ca, client.checkIssued(issuer), client.verify(issuer.publicKey)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(client.verify(new X509Certificate((await Authority.create('ca')).certificate).publicKey)).toBe(
    false,
  );
});

test('a server’s certificate is for its names and addresses, and goes with its key', async () => {
  const authority = await Authority.create('ca');
  const { certificate, key } = await authority.server('web', ['localhost', '10.0.0.1', '::1']);
  const server = new X509Certificate(certificate);
  expect(server.subjectAltName).toBe('DNS:localhost, IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(server.checkPrivateKey(createPrivateKey(key))).toBe(true);
});

test('a client’s certificate says who it is, as it is written', async () => {
  const authority = await Authority.create('ca');
  for (const [commonName, organization] of [
    ['admin', 'system:masters'],
    ['#00ff', 'a, O=b'],
    ['Zoë', '名'],
  ] as const) {
    const { certificate } = await authority.client({ commonName, organization });
    const presented = new X509Certificate(certificate);
    expect({ ...presented.toLegacyObject().subject }).toEqual({ CN: commonName, O: organization });
    expect(presented.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  }
});
