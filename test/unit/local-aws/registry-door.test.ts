import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lentStatements } from '../../../lib/stacks/lent-statements.ts';
import type { AwsCall } from '../../../local/aws/admission.ts';
import { type Authorize, allowAll } from '../../../local/registry/authorize.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { as, builder, startCloud } from './cloud.ts';

const ROLE = 'arn:aws:iam::000000000000:role/fairlead-lent';
const arnOf = (name: string) => `arn:aws:ecr:us-east-1:000000000000:repository/${name}`;
const EMPTY = `sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`;

const folder = mkdtempSync(join(tmpdir(), 'fairlead-door-'));
const calls: AwsCall[] = [];
let registry: Awaited<ReturnType<typeof startRegistry>>;
let cloud: Awaited<ReturnType<typeof startCloud>>;
let door: Authorize = allowAll;

beforeAll(async () => {
  registry = await startRegistry({ stateDir: folder, authorize: (...request) => door(...request) });
  cloud = await startCloud({
    registry: { host: registry.host, url: registry.url },
    roles: { [ROLE]: lentStatements(arnOf) },
  });
  door = cloud.registryDoor;
  cloud.calls.on('call', (call) => calls.push(call));
});
afterAll(async () => {
  await cloud.close();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  calls.length = 0;
});

/** The header of who has a session with these tags; of the function itself without any. */
async function header(tags?: Record<string, string>): Promise<string> {
  let who: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = builder;
  if (tags !== undefined) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const assume = new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'build', Tags });
    const { Credentials } = await new STSClient(as(builder, cloud.endpoint)).send(assume);
    who = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
  }
  const token = await new ECRClient(as(who, cloud.endpoint)).send(new GetAuthorizationTokenCommand({}));
  return `Basic ${token.authorizationData?.[0]?.authorizationToken}`;
}

async function ask(method: string, path: string, authorization?: string): Promise<number> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(`${registry.url}/v2/${path}`, { method, headers });
  await response.body?.cancel();
  return response.status;
}

const upload = (name: string, who?: string) => ask('POST', `${name}/blobs/uploads/?digest=${EMPTY}`, who);

describe('a session for one app', () => {
  const web = { 'fairlead-app': 'web', 'fairlead-images': 'web' };

  test('writes and reads that app’s repository', async () => {
    const who = await header(web);
    expect(await upload('fairlead/web', who)).toBe(201);
    expect(await ask('HEAD', `fairlead/web/blobs/${EMPTY}`, who)).toBe(200);
  });

  test.each(['fairlead/web-api', 'fairlead/api', 'fairlead/web/of.previews', 'other/web'])(
    'is denied another: %s',
    async (name) => {
      expect(await upload(name)).toBe(201);
      const who = await header(web);
      expect(await upload(name, who)).toBe(403);
      expect(await ask('GET', `${name}/blobs/${EMPTY}`, who)).toBe(403);
      expect(await ask('DELETE', `${name}/blobs/${EMPTY}`, who)).toBe(403);
    },
  );

  test('mounts nothing of another app', async () => {
    expect(await upload('fairlead/api')).toBe(201);
    const who = await header(web);
    // What may not be read is uploaded instead.
    expect(await ask('POST', `fairlead/web/blobs/uploads/?mount=${EMPTY}&from=fairlead/api`, who)).toBe(202);
  });

  test('of a preview reads production’s images and cannot write there', async () => {
    expect(await upload('fairlead/web')).toBe(201);
    const who = await header({ 'fairlead-app': 'web', 'fairlead-images': 'web/of.previews' });
    expect(await ask('GET', `fairlead/web/blobs/${EMPTY}`, who)).toBe(200);
    expect(await upload('fairlead/web', who)).toBe(403);
    expect(await upload('fairlead/web/of.previews', who)).toBe(201);
  });

  test('without tags reaches nothing', async () => {
    expect(await upload('fairlead/web', await header({}))).toBe(403);
  });
});

describe('requests', () => {
  test('are told as the calls that they are to IAM, with the session’s tags', async () => {
    const who = await header({ 'fairlead-app': 'new', 'fairlead-images': 'new' });
    expect(calls.map(({ service, action }) => `${service}:${action}`)).toEqual([
      'sts:AssumeRole',
      'sts:TagSession',
      'ecr:GetAuthorizationToken',
    ]);
    calls.length = 0;
    await upload('fairlead/new', who);
    await ask('GET', 'fairlead/new/manifests/none', who);
    expect(calls.map(({ action }) => action)).toEqual([
      'InitiateLayerUpload',
      'UploadLayerPart',
      'CompleteLayerUpload',
      'CreateRepository',
      'BatchGetImage',
    ]);
    expect(calls[0]).toMatchObject({
      principal: 'arn:aws:sts::000000000000:assumed-role/fairlead-lent/build',
      service: 'ecr',
      resource: arnOf('fairlead/new'),
      context: { 'aws:PrincipalTag/fairlead-app': 'new', 'aws:PrincipalTag/fairlead-images': 'new' },
    });
  });

  test('of the mirror are those of a pull-through cache', async () => {
    await ask('GET', 'docker.io/library/none/manifests/1', await header());
    const [, ...rest] = calls.map(({ action }) => action);
    expect(rest).toEqual(['BatchGetImage', 'BatchImportUpstreamImage', 'CreateRepository']);
  });

  test('with a password that ECR did not give out are asked for another', async () => {
    const wrong = `Basic ${Buffer.from('AWS:guessed').toString('base64')}`;
    expect(await ask('GET', 'fairlead/web/manifests/1', wrong)).toBe(401);
  });

  test('of this machine’s nodes and people need none', async () => {
    expect(await upload('fairlead/web')).toBe(201);
    expect(calls).toEqual([]);
  });
});
