import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Credential } from './certificates.ts';

export interface Access {
  endpoint: string;
  /** PEM */
  ca: string;
  user: string;
  credential: Credential;
}

const name = 'fairlead-local';

/** Writes a kubeconfig that needs no other file, readable by its owner only. */
export async function writeKubeconfig(
  file: string,
  { endpoint, ca, user, credential }: Access,
): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: endpoint, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(credential.certificate),
          'client-key-data': base64(credential.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
}
