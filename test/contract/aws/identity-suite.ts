import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import { expect, onTestFinished, vi } from 'vitest';
import { lentCredentials } from '../../../lambdas/build-image/lent.ts';
import type { RemoteJob } from '../../../lib/engine/types.ts';
import { connectToEks } from '../../../lib/kube/eks.ts';
import { signToken } from '../../../lib/kube/token.ts';
import { ecrCredentials } from '../../../lib/registry/ecr.ts';
import { CREDENTIALS, REGION } from './place.ts';
import type { Part } from './suite.ts';

/** Who one is: at the registry, for the time of a build, and in the cluster. */
export const identitySuite: Part = (test, place) => {
  const registry = () => `${place().account}.dkr.ecr.${REGION}.amazonaws.com`;
  const TOKEN = { username: 'AWS', password: expect.stringMatching(/.{8}/) };

  test('ECR gives a token for its own registry, and none for others', async () => {
    const credentials = ecrCredentials(new ECRClient(place().client));
    expect(await credentials(registry())).toMatchObject(TOKEN);
    expect(await credentials('registry.example.com')).toBeUndefined();
  });

  test('STS lends a role for one build, whose session gets a token of ECR', async () => {
    const { account, client } = place();
    const variables = { AWS_ENDPOINT_URL: client.endpoint, AWS_REGION: REGION };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const job = { name: 'one', request: { publishTo: `${registry()}/fairlead/web` } } as RemoteJob;
    const role = `arn:aws:iam::${account}:role/lent`;
    const lent = await lentCredentials(role, job, new STSClient(client));
    expect(await lent(registry())).toMatchObject(TOKEN);
  });

  test('STS knows the caller by a token for EKS', async () => {
    const { account, client } = place();
    const token = await signToken({ clusterName: 'one', region: REGION, credentials: CREDENTIALS });
    const url = new URL(Buffer.from(token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString());
    // It is signed for STS's own name: whoever checks it, asks there.
    const asked = request(new URL(url.search, client.endpoint), {
      headers: { host: url.host, 'x-k8s-aws-id': 'one' },
    }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(await text(answer)).toContain(`<Account>${account}</Account>`);
  });

  test('EKS tells of a cluster that is not there by its name', async () => {
    const eks = new EKSClient(place().client);
    await expect(connectToEks(eks, 'no-such-cluster')).rejects.toMatchObject({ code: 'kube/no-cluster' });
  });
};
