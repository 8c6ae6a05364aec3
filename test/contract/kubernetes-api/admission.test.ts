import { expect, onTestFinished, test } from 'vitest';
import { onEveryServer } from './servers.ts';

onEveryServer('admission', (cluster) => {
  let last = 0;
  const namespaced = async () => {
    const name = `${cluster.namespace}-${last++}`;
    const { status, text } = await cluster.call('POST', '/api/v1/namespaces', {
      body: { metadata: { name } },
    });
    if (status !== 201) throw new Error(text);
    onTestFinished(async () => {
      await cluster.call('DELETE', `/api/v1/namespaces/${name}`);
    });
    return { name, core: (path: string) => `/api/v1/namespaces/${name}/${path}` };
  };

  const pod = (name: string, resources?: object) => ({
    metadata: { name },
    spec: {
      // No node has it: the pod stays where it is.
      nodeSelector: { 'fairlead.test/nowhere': 'x' },
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'none.test/none:1', resources }],
    },
  });

  async function limited(spec: object) {
    const space = await namespaced();
    await cluster.call('POST', space.core('resourcequotas'), { body: { metadata: { name: 'small' }, spec } });
    const read = () => cluster.call('GET', space.core('resourcequotas/small'));
    await expect.poll(async () => (await read()).body.status?.hard).toBeDefined();
    // A real cluster makes the account that pods need a moment after the namespace.
    await expect
      .poll(async () => (await cluster.call('GET', space.core('serviceaccounts/default'))).status)
      .toBe(200);
    return { ...space, read };
  }

  test('a quota of pods lets so many in, and no more', async () => {
    const { core, read } = await limited({ hard: { pods: '1' } });
    expect((await cluster.call('POST', core('pods'), { body: pod('one') })).status).toBe(201);
    const { status, body } = await cluster.call('POST', core('pods'), { body: pod('two') });
    expect(status).toBe(403);
    expect(body).toMatchObject({
      reason: 'Forbidden',
      message:
        'pods "two" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
    });
    await expect
      .poll(async () => (await read()).body.status)
      .toEqual({ hard: { pods: '1' }, used: { pods: '1' } });
  });

  test('a quota of resources counts requests and limits in their own units', async () => {
    const hard = { 'requests.cpu': '300m', 'limits.memory': '64Mi' };
    const { core, read } = await limited({ hard });
    const wants = (cpu: string, memory: string) => ({
      requests: { cpu, memory: '1Mi' },
      limits: { cpu: '1', memory },
    });
    await cluster.call('POST', core('pods'), { body: pod('one', wants('200m', '32Mi')) });
    const { body } = await cluster.call('POST', core('pods'), { body: pod('two', wants('200m', '48Mi')) });
    expect(body.message).toBe(
      'pods "two" is forbidden: exceeded quota: small, requested: limits.memory=48Mi,requests.cpu=200m, used: limits.memory=32Mi,requests.cpu=200m, limited: limits.memory=64Mi,requests.cpu=300m',
    );
    await expect
      .poll(async () => (await read()).body.status.used)
      .toEqual({ 'requests.cpu': '200m', 'limits.memory': '32Mi' });
  });

  test('a quota of resources wants every container to say them', async () => {
    const { core } = await limited({ hard: { 'limits.memory': '1Gi' } });
    const { status, body } = await cluster.call('POST', core('pods'), { body: pod('one') });
    expect(status).toBe(403);
    expect(body.message).toMatch(/^pods "one" is forbidden: failed quota: small: must specify limits.memory/);
  });

  test('a quota counts objects of other kinds, and what is a dry run', async () => {
    const { core } = await limited({ hard: { 'count/configmaps': '2', services: '0' } });
    // Newer clusters have put one in: kube-root-ca.crt.
    for (const name of ['a', 'b'])
      await cluster.call('POST', core('configmaps'), { body: { metadata: { name } } });
    const third = await cluster.call('POST', core('configmaps'), { body: { metadata: { name: 'c' } } });
    expect(third.body.message).toMatch(
      /^configmaps "c" is forbidden: exceeded quota: small, requested: count\/configmaps=1, used: count\/configmaps=2, limited: count\/configmaps=2$/,
    );
    const service = { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    const dry = await cluster.call('POST', `${core('services')}?dryRun=All`, { body: service });
    expect(dry.status).toBe(403);
    expect(dry.body.message).toContain('exceeded quota: small, requested: services=1, used: services=0');
  });

  test('a limit range gives defaults and holds its bounds', async () => {
    const { core } = await namespaced();
    await expect
      .poll(async () => (await cluster.call('GET', core('serviceaccounts/default'))).status)
      .toBe(200);
    const limit = {
      type: 'Container',
      default: { memory: '64Mi' },
      defaultRequest: { cpu: '10m' },
      max: { memory: '128Mi' },
    };
    await cluster.call('POST', core('limitranges'), {
      body: { metadata: { name: 'l' }, spec: { limits: [limit] } },
    });
    const made = () => cluster.call('POST', core('pods'), { body: pod(`p${last++}`) });
    // A real API server sees it a moment later.
    await expect
      .poll(async () => (await made()).body.spec.containers[0].resources, { timeout: 5000 })
      .toEqual({ limits: { memory: '64Mi' }, requests: { cpu: '10m', memory: '64Mi' } });
    const { status, body } = await cluster.call('POST', core('pods'), {
      body: pod('big', { limits: { memory: '1Gi' } }),
    });
    expect(status).toBe(403);
    expect(body.message).toBe(
      'pods "big" is forbidden: maximum memory usage per Container is 128Mi, but limit is 1Gi',
    );
  });

  test('a Job gets the labels that tell its pods from others', async () => {
    const { name: namespace, core } = await namespaced();
    await expect
      .poll(async () => (await cluster.call('GET', core('serviceaccounts/default'))).status)
      .toBe(200);
    const job = (restartPolicy: string) => ({
      metadata: { name: 'migrate' },
      spec: { template: { spec: { ...pod('x').spec, restartPolicy } } },
    });
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    const refused = await cluster.call('POST', path, { body: job('Always') });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain('spec.template.spec.restartPolicy');
    const { status, body } = await cluster.call('POST', path, { body: job('Never') });
    expect(status).toBe(201);
    expect(body.spec.template.metadata.labels).toMatchObject({
      'controller-uid': body.metadata.uid,
      'job-name': 'migrate',
    });
    const pods = () => cluster.call('GET', `${core('pods')}?labelSelector=job-name%3Dmigrate`);
    await expect.poll(async () => (await pods()).body.items.length).toBe(1);
    const read = () => cluster.call('GET', `${path}/migrate`);
    await expect.poll(async () => (await read()).body.status).toMatchObject({ active: 1 });
    const changed = await cluster.call('PATCH', `${path}/migrate`, {
      type: 'application/merge-patch+json',
      body: { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } },
    });
    expect(changed.status).toBe(422);
    expect(changed.body.message).toContain('field is immutable');
  });
});
