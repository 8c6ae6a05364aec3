import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Aws, Credentials } from '../../../lib/aws/types.ts';
import { checkOut } from '../../../lib/source/codecommit/checkout.ts';
import { CodeCommit } from '../../../lib/source/codecommit/codecommit.ts';
import { gitPassword } from '../../../lib/source/codecommit/password.ts';
import { Admission, type AwsCall } from '../../../local/aws/admission.ts';
import { frontDoor } from '../../../local/aws/front-door.ts';
import { listen } from '../../../local/aws/loopback.ts';
import type { ReferenceEvent } from '../../../local/codecommit/events.ts';
import { Repositories } from '../../../local/codecommit/repositories.ts';
import { codeCommit } from '../../../local/codecommit/service.ts';
import { startCodeCommitGit } from '../../../local/codecommit/start.ts';

export const REGION = 'eu-west-1';

/** CodeCommit on loopback, its API and its git (`git http-backend`), with one repository `web` and somebody who works on it. */
export async function startHost() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-codecommit-'));
  const repositories = new Repositories(join(folder, 'repositories'));
  await repositories.create('web');
  const keys: Credentials = {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: 'secret/+key',
    sessionToken: 'token+/==',
  };
  const admission = new Admission([
    { ...keys, sessionToken: keys.sessionToken ?? '', arn: 'arn:aws:sts::000000000000:assumed-role/build/x' },
  ]);
  const calls: AwsCall[] = [];
  admission.calls.on('call', (call) => calls.push(call));
  const place = { region: REGION, account: '000000000000' };
  const api = await listen(frontDoor(admission, { codecommit: codeCommit(place, repositories) }));
  const events: ReferenceEvent[] = [];
  const git = await startCodeCommitGit({
    ...{ place, repositories, admission: () => admission },
    onEvent: (event) => events.push(event),
  });
  const aws: Aws = {
    region: REGION,
    credentials: () => keys,
    endpointOf: () => api.url,
    trace: () => undefined,
    attempts: 1,
  };
  const forge = (given: Credentials = keys) => {
    const token = async ({ name }: { name: string }) =>
      gitPassword(new URL(`${git.url}/v1/repos/${name}`), REGION, given, new Date());
    return new CodeCommit({ apiUrl: git.url, token, aws, checkOut });
  };
  return {
    ...{ folder, keys, calls, events, forge, gitUrl: git.url, repositories },
    work: join(folder, 'work'),
    close: async () => {
      await Promise.all([api.close(), git.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Host = Awaited<ReturnType<typeof startHost>>;

const run = promisify(execFile);

/** A working copy whose `origin` is the repository `web`, as a person's git sees it: with a password in the URL. */
export async function workOn({ work, gitUrl, keys }: Host) {
  const url = new URL(`${gitUrl}/v1/repos/web`);
  const [username = '', password] = gitPassword(url, REGION, keys, new Date()).split(':');
  const env = { PATH: process.env.PATH ?? '', HOME: work, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
  // Never synchronously: the server that it speaks to is in this process.
  const git = async (...args: string[]) => {
    const said = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args];
    return (await run('git', said, { cwd: work, env })).stdout.trim();
  };
  await run('git', ['init', '--quiet', '--initial-branch=main', work], { env });
  const origin = `http://${encodeURIComponent(username)}:${password}@${url.host}${url.pathname}`;
  await git('remote', 'add', 'origin', origin);
  return {
    git,
    /** @returns the commit */
    push: async (branch: string, message = 'work'): Promise<string> => {
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '-m', message);
      await git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
      return await git('rev-parse', 'HEAD');
    },
  };
}
