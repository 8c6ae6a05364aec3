import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { LogOptions } from '../../../local/kubernetes/api/resources/context.ts';
import { startTestServer, type TestServer } from './client.ts';

let server: TestServer;
let asked: { container: string; options: LogOptions }[] = [];
let isFollowing = false;

beforeEach(async () => {
  asked = [];
  server = await startTestServer({
    logs: async function* (_pod, container, options) {
      asked.push({ container, options });
      yield Buffer.from('first\n');
      if (!options.follow) return;
      isFollowing = true;
      try {
        await new Promise((resolve) => options.signal.addEventListener('abort', resolve));
      } finally {
        isFollowing = false;
      }
    },
  });
});
afterEach(() => server.close());

const pods = '/api/v1/namespaces/default/pods';
const createPod = (name: string, containers = ['web']) =>
  server.call('POST', pods, {
    body: {
      metadata: { name },
      spec: { containers: containers.map((each) => ({ name: each, image: 'demo:v1' })) },
    },
  });

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('TLS', () => {
  test('the certificate is the CA’s, for the address it serves', async () => {
    const { port, hostname } = new URL(server.endpoint);
    const presented = await new Promise<X509Certificate>((resolve, reject) => {
      const socket = connect({ port: Number(port), host: hostname, ca: server.ca }, () => {
        resolve(new X509Certificate(socket.getPeerCertificate().raw));
        socket.destroy();
      });
      socket.on('error', reject);
    });
    const authority = new X509Certificate(server.ca);
    expect(authority.ca).toBe(true);
    expect(presented.verify(authority.publicKey)).toBe(true);
    expect(presented.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(presented.checkHost('localhost')).toBe('localhost');
    expect(presented.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(Date.parse(presented.validFrom)).toBeLessThan(Date.now());
  });

  test('the kubeconfig needs nothing else, and is its owner’s', async () => {
    const config = parse(await readFile(server.kubeconfigFile, 'utf8'));
    expect(config.clusters[0].cluster.server).toBe(server.endpoint);
    const admin = new X509Certificate(Buffer.from(config.users[0].user['client-certificate-data'], 'base64'));
    expect(admin.subject).toBe('O=system:masters\nCN=admin');
    expect((await stat(server.kubeconfigFile)).mode & 0o777).toBe(0o600);
  });
});

describe('logs', () => {
  test('are what the kubelet gives for the container, as asked', async () => {
    await createPod('one');
    const query = 'tailLines=5&sinceSeconds=60&timestamps=true&limitBytes=100&sinceTime=2026-01-01T00:00:00Z';
    const { status, text, headers } = await server.call('GET', `${pods}/one/log?${query}`, { accept: '*/*' });
    expect([status, text, headers['content-type']]).toEqual([200, 'first\n', 'text/plain']);
    expect(asked[0]).toMatchObject({
      container: 'web',
      options: {
        follow: false,
        previous: false,
        timestamps: true,
        tailLines: 5,
        sinceSeconds: 60,
        limitBytes: 100,
        sinceTime: '2026-01-01T00:00:00Z',
      },
    });
  });

  test('of several containers one has to be named', async () => {
    await createPod('two', ['web', 'side']);
    const unnamed = await server.call('GET', `${pods}/two/log`);
    expect(unnamed.body.message).toBe(
      'a container name must be specified for pod two, choose one of: [web side]',
    );
    expect((await server.call('GET', `${pods}/two/log?container=side`)).text).toBe('first\n');
    expect((await server.call('GET', `${pods}/two/log?container=other`)).status).toBe(400);
    expect((await server.call('GET', `${pods}/absent/log`)).status).toBe(404);
  });

  test('a container that waits says why', async () => {
    await createPod('waiting');
    server.store.patchStatus('Pod', 'default', 'waiting', (draft) => {
      draft.status = {
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount: 0,
            image: '',
            imageID: '',
            state: { waiting: { reason: 'ImagePullBackOff' } },
          },
        ],
      };
    });
    const { status, body } = await server.call('GET', `${pods}/waiting/log`);
    expect([status, body.message]).toEqual([
      400,
      'container "web" in pod "waiting" is waiting to start: ImagePullBackOff',
    ]);
    const previous = await server.call('GET', `${pods}/waiting/log?previous=true`);
    expect(previous.body.message).toBe('previous terminated container "web" in pod "waiting" not found');
  });

  test('following ends for the kubelet when the client goes', async () => {
    await createPod('followed');
    const { port, hostname } = new URL(server.endpoint);
    const { users } = parse(await readFile(server.kubeconfigFile, 'utf8'));
    const pem = (name: string) => Buffer.from(users[0].user[name], 'base64').toString();
    const socket = connect({
      port: Number(port),
      host: hostname,
      ca: server.ca,
      cert: pem('client-certificate-data'),
      key: pem('client-key-data'),
    });
    socket.write(`GET ${pods}/followed/log?follow=true HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => isFollowing);
    socket.destroy();
    await until(() => !isFollowing);
  });
});

describe('the server', () => {
  test('closing ends watches and leaves nothing running', async () => {
    const other = await startTestServer();
    const watching = other.call('GET', '/api/v1/pods?watch=1', { onLine: () => false });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await other.close();
    await watching.catch(() => {});
    await expect(other.call('GET', '/version')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('every namespace has its default account', async () => {
    await server.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'fresh' } } });
    await until(
      async () =>
        (await server.call('GET', '/api/v1/namespaces/fresh/serviceaccounts/default')).status === 200,
    );
  });

  test('what needs a connection into a pod is refused by name', async () => {
    await createPod('closed');
    for (const what of ['exec', 'attach', 'portforward']) {
      const { status, body } = await server.call('POST', `${pods}/closed/${what}?command=ls`);
      expect([status, body.reason]).toEqual([405, 'MethodNotAllowed']);
      expect(body.message).toContain(`${what} is not offered`);
    }
  });

  test('a body that is too large is refused', async () => {
    const body = { metadata: { name: 'large' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } };
    const { status } = await server.call('POST', '/api/v1/namespaces/default/configmaps', { body });
    expect(status).toBe(413);
  });

  test('unknown fields are warned of, refused or ignored as the client says', async () => {
    const create = (name: string, fieldValidation: string) =>
      server.call('POST', `/api/v1/namespaces/default/configmaps?fieldValidation=${fieldValidation}`, {
        body: { metadata: { name }, dataa: {} },
      });
    expect((await create('warned', 'Warn')).headers.warning).toBe('299 - "unknown field \\"dataa\\""');
    expect((await create('ignored', 'Ignore')).headers.warning).toBeUndefined();
    const strict = await create('strict', 'Strict');
    expect([strict.status, strict.body.message]).toEqual([
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dataa"',
    ]);
  });

  test('events are the same in both of their groups', async () => {
    await createPod('eventful');
    const pod = server.store.get('Pod', 'default', 'eventful');
    if (pod) server.store.recordEvent(pod, 'Warning', 'BackOff', 'again', 'kubelet');
    const core = await server.call(
      'GET',
      '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=eventful',
    );
    expect(core.body.items[0]).toMatchObject({
      message: 'again',
      reason: 'BackOff',
      type: 'Warning',
      count: 1,
    });
    const { body } = await server.call('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
    expect(body.items[0]).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'again',
      regarding: { kind: 'Pod', name: 'eventful' },
    });
    const put = await server.call(
      'PUT',
      `/apis/events.k8s.io/v1/namespaces/default/events/${body.items[0].metadata.name}`,
      {
        body: { ...body.items[0], note: 'changed' },
      },
    );
    expect(put.status).toBe(200);
    expect(server.store.list('Event').items[0]?.message).toBe('changed');
  });

  test('a watch from too long ago says so in its one line', async () => {
    const lines: { type: string; object: { code: number; reason: string } }[] = [];
    for (let count = 0; count < 4_100; count += 1) {
      const name = 'churn';
      const known = server.store.get('ConfigMap', 'default', name);
      if (known) server.store.update({ ...known, data: { count: String(count) } });
      else
        server.store.create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace: 'default' },
        });
    }
    await server.call('GET', '/api/v1/configmaps?watch=1&resourceVersion=1', {
      onLine: (line) => Boolean(lines.push(line)),
    });
    expect(lines).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });
});
