import { afterEach, beforeEach, expect, it } from 'vitest';
import { SECRETS_MANAGER, type SecretValue } from '../../../lib/release/labels.ts';
import type { Answer, ReadSecret } from '../../../lib/rollout/secrets.ts';
import { LABELS, object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const VALUE = 'hunter2-and-more';
const PATH = '/api/v1/namespaces/shop/secrets/web-secrets';

function releaseOf(number: number, references: SecretValue[]) {
  const annotations = { [SECRETS_MANAGER]: JSON.stringify(references) };
  const metadata = { name: 'web-secrets', namespace: 'shop', labels: LABELS, annotations };
  return releaseWith(number, [{ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque' }]);
}

/** Answers by `ID VERSION`, or `ID` alone for the current one; keeps what was asked. */
function vault(answers: Record<string, Answer>) {
  const asked: string[] = [];
  const readSecret: ReadSecret = async (id, versionId) => {
    const key = versionId === undefined ? id : `${id} ${versionId}`;
    asked.push(key);
    return answers[key] ?? { is: 'gone' };
  };
  return { readSecret, asked };
}

const text = (value: string): Answer => ({ is: 'text', text: value });
const decoded = () =>
  Object.fromEntries(
    Object.entries(on.fake.objects.get(PATH).data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );

it('writes the values that a release refers to, and tells them to nobody', async () => {
  const { readSecret, asked } = vault({
    'shop/db v1': text(JSON.stringify({ url: VALUE, port: 5432 })),
    'shop/key v7': { is: 'binary', bytes: new Uint8Array([1, 2, 3]) },
  });
  const release = releaseOf(1, [
    { key: 'URL', id: 'shop/db', versionId: 'v1', jsonKey: 'url' },
    { key: 'PORT', id: 'shop/db', versionId: 'v1', jsonKey: 'port' },
    { key: 'KEY', id: 'shop/key', versionId: 'v7' },
  ]);
  const answer = await on.ask({ do: 'apply', phase: 0, release }, { readSecret });
  expect(answer).toMatchObject({ state: 'live' });
  expect(decoded()).toEqual({ URL: VALUE, PORT: '5432', KEY: '\u0001\u0002\u0003' });
  expect(asked.sort()).toEqual(['shop/db v1', 'shop/key v7']);
  expect(JSON.stringify([answer, release])).not.toMatch(new RegExp(`${VALUE}|${btoa(VALUE)}`));
});

it('says that a secret has changed, and not to what', async () => {
  const { readSecret } = vault({ 'shop/db v1': text('old'), 'shop/db v2': text(VALUE) });
  for (const [number, versionId] of [
    [1, 'v1'],
    [2, 'v2'],
  ] as const)
    expect(
      JSON.stringify(
        await on.ask(
          { do: 'apply', phase: 0, release: releaseOf(number, [{ key: 'URL', id: 'shop/db', versionId }]) },
          { readSecret },
        ),
      ),
    ).toContain(versionId === 'v1' ? '"created"' : '.data[URL]: changed');
});

it('does not apply a release whose version is gone', async () => {
  const { readSecret } = vault({ 'shop/db': text(VALUE) });
  const release = releaseOf(1, [{ key: 'URL', id: 'shop/db', versionId: 'v1' }]);
  expect(await on.ask({ do: 'apply', phase: 0, release }, { readSecret })).toMatchObject({
    state: 'failed',
    blame: 'elsewhere',
    reason: expect.stringMatching(/^Secrets Manager has no version v1 of the secret shop\/db; push again/),
  });
  expect([...on.fake.objects]).toEqual([]);
});

it('goes back with the current version, and says so', async () => {
  const { readSecret } = vault({ 'shop/db': text(VALUE) });
  const back = releaseOf(3, [{ key: 'URL', id: 'shop/db', versionId: 'v1' }]);
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const undo = { do: 'undo' as const, release: releaseWith(2, []), back };
  expect(await on.ask(undo, { readSecret, onNotice })).toMatchObject({ state: 'live' });
  expect(decoded()).toEqual({ URL: VALUE });
  expect(notices).toEqual([
    'the secret shop/db no longer has its version v1: its current one is used instead',
  ]);
});

it('goes back in phases in the same way', async () => {
  const { readSecret } = vault({ 'shop/db': text(VALUE) });
  const release = releaseOf(3, [{ key: 'URL', id: 'shop/db', versionId: 'v1' }]);
  const apply = { do: 'apply' as const, phase: 0, release, back: true as const };
  expect(await on.ask(apply, { readSecret })).toMatchObject({ state: 'live' });
  expect(decoded()).toEqual({ URL: VALUE });
});

it.each([
  ['that is gone altogether', {}, 'Secrets Manager has no version v1 of the secret shop/db'],
  ['whose current version has no such key', { 'shop/db': text('{}') }, 'is no JSON object with the key url'],
])('goes back without a secret %s, and leaves it as it is', async (_, answers, why) => {
  const references = [{ key: 'URL', id: 'shop/db', versionId: 'v1', jsonKey: 'url' }];
  const before = vault({ 'shop/db v1': text(JSON.stringify({ url: VALUE })) });
  await on.ask({ do: 'apply', phase: 0, release: releaseOf(1, references) }, before);
  const { readSecret } = vault(answers);
  const config = object('ConfigMap', 'settings', { data: {} });
  const back = { ...releaseOf(3, references), resources: [...releaseOf(3, references).resources, config] };
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const undo = { do: 'undo' as const, release: releaseWith(2, []), back };
  expect(await on.ask(undo, { readSecret, onNotice })).toMatchObject({ state: 'live' });
  expect(decoded()).toEqual({ URL: VALUE });
  expect(on.fake.names()).toContain('ConfigMap settings');
  expect(notices.at(-1)).toMatch(/^Secret web-secrets stays as it is in the cluster: /);
  expect(notices.at(-1)).toContain(why);
});

it.each([['just text'], ['[12345]'], ['{"other":"hunter2-and-more"}']])(
  'names the key that a value has not (%s), and not the value',
  async (value) => {
    const { readSecret } = vault({ 'shop/db v1': text(value) });
    const release = releaseOf(1, [{ key: 'URL', id: 'shop/db', versionId: 'v1', jsonKey: 'url' }]);
    const answer = await on.ask({ do: 'apply', phase: 0, release }, { readSecret });
    expect(answer).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('the value of the secret shop/db is no JSON object with the key url'),
    });
    expect(JSON.stringify(answer)).not.toContain(value);
  },
);

it('keeps a value out of what the cluster says of it', async () => {
  const { readSecret } = vault({ 'shop/db v1': text(VALUE) });
  on.fake.refused.set(PATH, `data is invalid: "${VALUE}", which is ${btoa(VALUE)}`);
  const release = releaseOf(1, [{ key: 'URL', id: 'shop/db', versionId: 'v1' }]);
  expect(await on.ask({ do: 'apply', phase: 0, release }, { readSecret })).toMatchObject({
    state: 'failed',
    reason: 'data is invalid: "***", which is ***',
  });
});
