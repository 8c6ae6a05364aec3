import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CredentialSource } from '../../../lib/registry/credentials.ts';
import { dockerConfigCredentials } from '../../../lib/registry/docker-config.ts';

interface DockerConfig {
  auths?: Record<string, { auth: string }>;
}

/**
 * Keeps what a login was given for `host` in the file `path`, in the form of docker's own (config.json), which only this
 * person can read. Registries of ECR give passwords that hold for twelve hours.
 */
export async function keepLogin(
  path: string,
  host: string,
  username: string,
  password: string,
): Promise<void> {
  const config = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as DockerConfig,
    () => ({}) as DockerConfig,
  );
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomUUID()}`;
  await writeFile(unfinished, JSON.stringify({ auths: { ...config.auths, [host]: { auth } } }), {
    mode: 0o600,
  });
  await rename(unfinished, path);
}

/** Credentials of the first of these files that has some for a host. */
export function loginsIn(paths: readonly string[]): CredentialSource {
  const sources = paths.map((path) => dockerConfigCredentials(path));
  return async (host) => {
    for (const source of sources) {
      const found = await source(host);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
