import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AwsOptions, startAws } from '../../../local/aws/start.ts';

export const region = 'us-east-1';
const account = '000000000000';
export const builder = {
  accessKeyId: 'AKIABUILDER',
  secretAccessKey: 'builder-secret',
  arn: `arn:aws:iam::${account}:role/build-image`,
};

/** The AWS endpoints over a registry that holds what `images` says, as tests need them. */
export async function startCloud(options: Partial<AwsOptions> = {}) {
  return startAws({
    region,
    account,
    principals: [builder],
    registry: { host: 'localhost:5000', url: 'http://localhost:5000' },
    cluster: () => undefined,
    ...options,
  });
}

/** Configuration of an SDK client that calls `endpoint` as `who`. */
export function as(
  who: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  endpoint: string,
) {
  return { endpoint, region, credentials: who, maxAttempts: 1 };
}

/** A registry that serves one repository with one manifest under some tags. */
export async function serveRegistry(repository: string, tags: string[], manifest: string) {
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  const server = createServer((request, response) => {
    const answers: Record<string, string> = {
      '/v2/_catalog': JSON.stringify({ repositories: [repository] }),
      [`/v2/${repository}/tags/list`]: JSON.stringify({ name: repository, tags }),
      ...Object.fromEntries([...tags, digest].map((tag) => [`/v2/${repository}/manifests/${tag}`, manifest])),
    };
    const body = answers[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
    });
    response.end(body ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `localhost:${port}`,
    url: `http://127.0.0.1:${port}`,
    digest,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
