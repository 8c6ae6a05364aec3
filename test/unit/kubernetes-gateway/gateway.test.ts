import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener, request } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Authority } from '../../../local/kubernetes/api/tls/certificates.ts';
import { type Gateway, startGateway } from '../../../local/kubernetes/gateway.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A cluster that answers with `listener`, and a gateway to it that knows the token `good`. */
async function gatewayTo(listener: RequestListener): Promise<Gateway> {
  const authority = await Authority.create('cluster-ca');
  const { certificate, key } = await authority.server('cluster', ['127.0.0.1']);
  const server: Server = createServer({ cert: certificate, key }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-gateway-'));
  ends.push(() => rm(directory, { recursive: true }));
  const kubeconfig = join(directory, 'config');
  const cluster = {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
  };
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'owner', user: { token: 'the-owners' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'owner' } }],
    'current-context': 'c',
  };
  await writeFile(kubeconfig, stringify(config));
  const authenticate = (token: string) =>
    token === 'good' ? { username: 'deployer', groups: ['deployers'] } : undefined;
  const gateway = await startGateway({ kubeconfig, authenticate });
  ends.push(() => gateway.close());
  return gateway;
}

function ask(gateway: Gateway, token: string, headers: Record<string, string> = {}) {
  const asking = httpsRequest(`${gateway.endpoint}/api/v1/pods?watch=1`, {
    ca: gateway.ca,
    agent: false,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  asking.end();
  return asking;
}

async function answerOf(asking: ReturnType<typeof request>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    asking.on('error', reject);
    asking.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

describe('the gateway to a cluster of somebody', () => {
  it('passes a request on in the identity of its token, whatever the caller says of themselves', async () => {
    const gateway = await gatewayTo((asked, answer) => answer.end(JSON.stringify(asked.headers)));
    const { status, body } = await answerOf(ask(gateway, 'good', { 'impersonate-user': 'root' }));
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      authorization: 'Bearer the-owners',
      'impersonate-user': 'deployer',
      'impersonate-group': 'deployers, system:authenticated',
    });
  });

  it('lets nobody in without a token that it knows', async () => {
    const gateway = await gatewayTo((_, answer) => answer.end('secret'));
    const { status, body } = await answerOf(ask(gateway, 'other'));
    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
  });

  it('outlives clients that go before, while and after they are answered, and ends their watches', async () => {
    let open = 0;
    const gateway = await gatewayTo((_, answer) => {
      open += 1;
      answer.on('close', () => {
        open -= 1;
      });
      setTimeout(() => answer.destroyed || answer.write('{}\n'), 30);
    });
    for (const wait of [0, 10, 25, 30, 35, 60]) {
      const asking = ask(gateway, 'good');
      asking.on('error', () => {});
      await sleep(wait);
      asking.destroy();
    }
    await sleep(200);
    expect(open).toBe(0);
    expect((await answerOf(ask(gateway, 'other'))).status).toBe(401);
  });

  it('answers 502 with the cluster’s name when that is gone', async () => {
    const gateway = await gatewayTo((asked) => asked.socket.destroy());
    const { status, body } = await answerOf(ask(gateway, 'good'));
    expect(status).toBe(502);
    expect(JSON.parse(body).message).toContain('https://127.0.0.1');
  });
});
