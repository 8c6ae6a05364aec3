import { afterEach, beforeEach, expect, it } from 'vitest';
import { object, releaseWith, startFake } from './fake-cluster.ts';

const IMAGE = '.spec.template.spec.containers[name="web"].image';
const AT = '/apis/apps/v1/namespaces/shop/deployments/web';
const SETTINGS = '/api/v1/namespaces/shop/configmaps/settings';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const release = (number: number, version: string) => {
  const containers = [
    { name: 'web', image: `web:${version}`, args: [version] },
    { name: 'helper', image: 'helper:1' },
  ];
  const spec = { replicas: 2, template: { spec: { containers } } };
  return releaseWith(number, [
    object('ConfigMap', 'settings', { data: { version } }),
    object('Deployment', 'web', { spec }, 'apps/v1'),
  ]);
};

const goBack = () =>
  on.ask(
    { do: 'undo', release: release(2, 'b'), back: release(3, 'a'), fence: 2 },
    { onApplied: (_, settled) => settlements.push(settled) },
  );
let settlements: unknown[] = [];
const web = () => on.fake.objects.get(AT);
const imageOf = () => web().spec.template.spec.containers[0];

beforeEach(async () => {
  settlements = [];
  for (const [number, version] of [
    [1, 'a'],
    [2, 'b'],
  ] as const)
    await on.ask({ do: 'apply', phase: 0, release: release(number, version) });
});

it.each(['kubectl-set', 'kubectl-edit', 'kubectl-rollout', 'kubectl'])(
  'takes what %s has set in the incident, and says so',
  async (manager) => {
    web().metadata.managedFields.push({ manager, operation: 'Update', time: '2026-11-01T10:00:00Z' });
    on.fake.contested.set(AT, [{ field: IMAGE, manager }]);
    const note = `${IMAGE}, which ${manager} had set at 2026-11-01T10:00:00Z, is as the release says again`;
    expect(await goBack()).toMatchObject({ applied: { changes: [], notes: [note] } });
    expect(imageOf()).toEqual({ name: 'web', image: 'web:a', args: ['a'] });
    expect(on.fake.objects.get(SETTINGS).data).toEqual({ version: 'a' });
    expect(settlements).toMatchObject([
      { left: [], taken: [{ field: IMAGE, manager, since: '2026-11-01T10:00:00Z' }] },
    ]);
  },
);

it('leaves what another controller sets, and how many pods there are, and takes the rest', async () => {
  on.fake.contested.set(AT, [
    { field: IMAGE, manager: 'keel' },
    { field: '.spec.replicas', manager: 'kubectl' },
    { field: '.spec.template.spec.containers[name="helper"].image', manager: 'kubectl-set' },
  ]);
  await goBack();
  // What is not said stays.
  expect(web().spec).toEqual({
    template: {
      spec: {
        containers: [
          { name: 'web', args: ['a'] },
          { name: 'helper', image: 'helper:1' },
        ],
      },
    },
  });
  expect(settlements).toMatchObject([
    {
      left: [
        { field: IMAGE, manager: 'keel' },
        { field: '.spec.replicas', manager: 'kubectl' },
      ],
      taken: [{ manager: 'kubectl-set' }],
    },
  ]);
});

it('takes nothing from anybody for a release that is new', async () => {
  on.fake.contested.set(AT, [{ field: IMAGE, manager: 'kubectl-set' }]);
  expect(await on.ask({ do: 'apply', phase: 0, release: release(3, 'c') })).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining(`${IMAGE} of Deployment shop/web was set by kubectl-set`),
  });
});

it('writes nothing where the pods themselves cannot be brought back', async () => {
  on.fake.refused.set(AT, 'the image is on a list');
  expect(await goBack()).toMatchObject({ state: 'failed', reason: 'the image is on a list' });
  expect(on.fake.objects.get(SETTINGS).data).toEqual({ version: 'b' });
  expect(imageOf().image).toBe('web:b');
});
