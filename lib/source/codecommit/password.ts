import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from '../../aws/types.ts';

/**
 * The user, a colon and the password by which git is let into a repository of CodeCommit over HTTPS, good for some
 * minutes and for that repository alone: Signature Version 4 over a request with the method `GIT`, without a query and a body. AWS tells of it by its programs:
 * `aws codecommit credential-helper` and git-remote-codecommit.
 * @param repository the URL that is cloned: `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/web`
 */
export function gitPassword(
  repository: URL,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now: Date,
): string {
  const timestamp = now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, '');
  const date = timestamp.slice(0, 8);
  const canonical = `GIT\n${repository.pathname}\n\nhost:${repository.host}\n\nhost\n`;
  const scope = [date, region, 'codecommit', 'aws4_request'];
  const hash = createHash('sha256').update(canonical).digest('hex');
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope.join('/')}\n${hash}`;
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const user = sessionToken === undefined ? accessKeyId : `${accessKeyId}%${sessionToken}`;
  return `${user}:${timestamp}Z${hmac(key, toSign).toString('hex')}`;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
