import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EKSClient } from '@aws-sdk/client-eks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectToEks } from '../../../lib/kube/eks.ts';
import { signToken } from '../../../lib/kube/token.ts';
import { verifyEksToken } from '../../../local/aws/eks-token.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/+', sessionToken: 'session+/=' };
const principals = [{ ...credentials, arn: 'arn:aws:sts::000000000000:assumed-role/deployer/x' }];

describe('a token', () => {
  const now = new Date('2026-11-01T10:00:00Z');
  const signed = () => signToken({ clusterName: 'prod', region: 'eu-west-1', credentials, now });

  it('is what a verifier of its own takes for the caller and the cluster it was made for', async () => {
    const check = (clusterName: string, at = now) =>
      signed().then((token) =>
        verifyEksToken(token, { clusterName, principals: principals as never, now: at.getTime() }),
      );
    expect(await check('prod')).toEqual({ arn: principals[0]?.arn });
    expect(await check('other')).toBeUndefined();
    expect(await check('prod', new Date('2026-11-01T10:16:00Z'))).toBeUndefined();
  });

  it('asks STS of the region for nothing but who the caller is', async () => {
    const url = new URL(Buffer.from((await signed()).replace('k8s-aws-v1.', ''), 'base64url').toString());
    expect(url.host).toBe('sts.eu-west-1.amazonaws.com');
    expect(url.searchParams.get('Action')).toBe('GetCallerIdentity');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
    expect(url.searchParams.get('X-Amz-Expires')).toBe('60');
  });

  it('goes to the partition of its region', async () => {
    const token = await signToken({ clusterName: 'prod', region: 'cn-north-1', credentials, now });
    expect(Buffer.from(token.slice(11), 'base64url').toString()).toMatch(
      /^https:\/\/sts\.cn-north-1\.amazonaws\.com\.cn\//,
    );
  });
});

describe('the connection to a cluster', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    vi.useRealTimers();
    for (const close of closing.splice(0)) await close();
  });

  async function connect(cluster: object | undefined) {
    const server = createServer((request, response) => {
      const found = cluster !== undefined && request.url === '/clusters/prod';
      response.writeHead(found ? 200 : 404, {
        'content-type': 'application/json',
        ...(!found && { 'x-amzn-errortype': 'ResourceNotFoundException' }),
      });
      response.end(JSON.stringify(found ? { cluster } : { message: 'No cluster found' }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const eks = new EKSClient({ endpoint, region: 'eu-west-1', credentials });
    closing.push(() => eks.destroy());
    return connectToEks(eks, 'prod');
  }

  const active = {
    status: 'ACTIVE',
    endpoint: 'https://cluster.example',
    certificateAuthority: { data: Buffer.from('PEM').toString('base64') },
  };

  it('is what EKS says of it', async () => {
    expect(await connect(active)).toMatchObject({ endpoint: 'https://cluster.example', ca: 'PEM' });
  });

  it('keeps its token for fourteen minutes, or until it is refused', async () => {
    const connection = await connect(active);
    vi.useFakeTimers({ toFake: ['Date'] });
    const first = await connection.token();
    vi.advanceTimersByTime(13 * 60_000);
    expect(await connection.token()).toBe(first);
    const fresh = await connection.token('fresh');
    expect(fresh).not.toBe(first);
    vi.advanceTimersByTime(15 * 60_000);
    expect(await connection.token()).not.toBe(fresh);
  });

  it('says that there is no such cluster', async () => {
    await expect(connect(undefined)).rejects.toMatchObject({ code: 'kube/no-cluster', temporary: false });
  });

  it('waits for one that is being made', async () => {
    await expect(connect({ status: 'CREATING' })).rejects.toMatchObject({
      code: 'kube/cluster-not-ready',
      temporary: true,
    });
  });
});
