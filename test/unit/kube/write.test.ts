import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { fenceOf } from '../../../lib/kube/owner.ts';
import { removeIf } from '../../../lib/kube/remove.ts';
import { applyFenced } from '../../../lib/kube/write.ts';
import { type Answer, fakeApi, json, type Request, refuse } from './fake-api.ts';
import { Turns } from './turns.ts';

const PATH = { collection: '/things', object: '/things/web' };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function thing(content: string) {
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'web', namespace: 'shop', labels: { mine: 'yes' } },
    content,
  };
}

/** One object with the API's rules for conflicting writes; `history` has every content that was stored. */
class Store {
  // biome-ignore lint/suspicious/noExplicitAny: whatever was written
  live: any;
  version = 10;
  readonly history: { fence: number; content: string }[] = [];

  readonly answer: Answer = ({ method, body, contentType, query }, response) => {
    if (method === 'GET')
      return this.live ? json(response, 200, this.live) : refuse(response, 404, 'NotFound');
    if (method === 'POST' && this.live) return refuse(response, 409, 'AlreadyExists');
    if (method !== 'POST' && !this.live) return refuse(response, 404, 'NotFound');
    if (method === 'DELETE') return this.#delete(body, response);
    const expected =
      contentType === 'application/json-patch+json' ? body[0].value : body.metadata.resourceVersion;
    if (method === 'PATCH' && expected !== this.live.metadata.resourceVersion)
      return refuse(response, 409, 'Conflict');
    if (query.has('dryRun')) return json(response, 200, body);
    return this.#write(method, contentType, body, response);
  };

  #delete({ preconditions }: Request['body'], response: Parameters<Answer>[1]) {
    if (preconditions.resourceVersion !== this.live.metadata.resourceVersion)
      return refuse(response, 409, 'Conflict');
    this.live = undefined;
    return json(response, 200, {});
  }

  #write(
    method: string,
    contentType: string | undefined,
    body: Request['body'],
    response: Parameters<Answer>[1],
  ) {
    const operation = method === 'POST' ? 'Update' : 'Apply';
    const metadata = {
      uid: 'u',
      ...(contentType === 'application/json-patch+json' ? this.live.metadata : body.metadata),
      resourceVersion: String(++this.version),
      managedFields: [{ manager: 'fairlead', operation }],
    };
    this.live =
      contentType === 'application/json-patch+json' ? { ...this.live, metadata } : { ...body, metadata };
    this.history.push({ fence: fenceOf(this.live), content: this.live.content });
    return json(response, 200, this.live);
  }
}

async function start(answer: Answer) {
  const api = await fakeApi(answer);
  const kube = new Kube(api.connection);
  closing.push(() => kube.close(), api.close);
  return { api, kube };
}

const writing = (fence: number) => ({ fence, identity: ['mine'] });

it('creates what is not there, and owns it as if it had been applied', async () => {
  const store = new Store();
  const { api, kube } = await start(store.answer);
  const written = await applyFenced(kube, PATH, thing('a'), writing(4));
  expect(written).toMatchObject({ outcome: 'written', before: undefined });
  expect(store.live.metadata.annotations).toEqual({ 'fairlead.dev/fence': '4' });
  expect(store.live.metadata.managedFields).toEqual([{ manager: 'fairlead', operation: 'Apply' }]);
  expect(api.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'PATCH']);
});

it('changes nothing in a dry run', async () => {
  const store = new Store();
  const { kube } = await start(store.answer);
  await applyFenced(kube, PATH, thing('a'), writing(4));
  const before = structuredClone(store.live);
  await applyFenced(kube, PATH, thing('b'), { ...writing(5), dryRun: true });
  expect(store.live).toEqual(before);
});

it('asks about what is not there as an apply, which refuses fields that nobody knows, and makes nothing', async () => {
  const { api, kube } = await start(({ method, body }, response) =>
    method === 'GET' ? refuse(response, 404, 'NotFound') : json(response, 201, body),
  );
  const asked = await applyFenced(kube, PATH, thing('a'), { ...writing(4), dryRun: true });
  expect(asked).toMatchObject({ outcome: 'written', object: { content: 'a' } });
  expect(
    api.requests.map(({ method, contentType, query }) => [method, contentType, query.get('dryRun')]),
  ).toEqual([
    ['GET', undefined, null],
    ['PATCH', 'application/apply-patch+yaml', 'All'],
  ]);
});

it('starts from what is known, and looks again where that has changed meanwhile', async () => {
  const store = new Store();
  const { api, kube } = await start(store.answer);
  const first = await applyFenced(kube, PATH, thing('a'), writing(4));
  const known = { live: 'object' in first ? first.object : undefined };
  api.requests.length = 0;
  await applyFenced(kube, PATH, thing('b'), { ...writing(4), known });
  expect(api.requests.map(({ method }) => method)).toEqual(['PATCH']);
  api.requests.length = 0;
  await applyFenced(kube, PATH, thing('c'), { ...writing(4), known });
  expect(api.requests.map(({ method }) => method)).toEqual(['PATCH', 'GET', 'PATCH']);
  await applyFenced(kube, PATH, thing('d'), { ...writing(4), known: { live: undefined } });
  expect(store.live.content).toBe('d');
});

it('does not write to what is about to go: it would go with it', async () => {
  const store = new Store();
  const { kube } = await start(store.answer);
  store.live = {
    metadata: { labels: { mine: 'yes' }, resourceVersion: '1', deletionTimestamp: '2026-11-01T10:00:00Z' },
  };
  await expect(applyFenced(kube, PATH, thing('a'), writing(4))).rejects.toMatchObject({
    code: 'kube/terminating',
    temporary: true,
  });
});

it('writes what follows from what is there', async () => {
  const store = new Store();
  const { kube } = await start(store.answer);
  const revise: NonNullable<Parameters<typeof applyFenced>[3]['revise']> = (object, live) => {
    const { content = '' } = (live ?? {}) as { content?: string };
    return { ...object, content: `${content}+` } as typeof object;
  };
  for (let time = 0; time < 3; time++) await applyFenced(kube, PATH, thing('a'), { ...writing(4), revise });
  expect(store.live.content).toBe('+++');
});

it('writes again for the same claim, and not for an older one', async () => {
  const store = new Store();
  const { kube } = await start(store.answer);
  await applyFenced(kube, PATH, thing('a'), writing(4));
  expect(await applyFenced(kube, PATH, thing('b'), writing(4))).toMatchObject({
    outcome: 'written',
    before: { content: 'a' },
  });
  expect(await applyFenced(kube, PATH, thing('c'), writing(3))).toEqual({ outcome: 'superseded', by: 4 });
  expect(store.live.content).toBe('b');
});

it('never lets an older claim write after a newer one, however their requests are interleaved', async () => {
  let [store, turns] = [new Store(), new Turns([], [])];
  const { api } = await start(async (request, response) => {
    if (request.token !== 'setup') await turns.turn(request.token);
    return store.answer(request, response);
  });
  const by = (name: string) => new Kube({ ...api.connection, token: async () => name });
  const kubes = { setup: by('setup'), older: by('older'), newer: by('newer') };
  closing.unshift(() => Object.values(kubes).forEach((kube) => void kube.close()));
  const write = (name: 'older' | 'newer', fence: number) =>
    applyFenced(kubes[name], PATH, thing(name), writing(fence)).finally(() => turns.done(name));
  const orders = fc.array(fc.nat(1), { minLength: 16, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(orders, fc.constantFrom('absent', 'present'), async (order, initially) => {
      store = new Store();
      if (initially === 'present') await applyFenced(kubes.setup, PATH, thing('first'), writing(1));
      store.history.length = 0;
      turns = new Turns(['older', 'newer'], order);
      const [older, newer] = await Promise.all([write('older', 2), write('newer', 3)]);
      expect(newer.outcome).toBe('written');
      expect(store.live.content).toBe('newer');
      const fences = store.history.map(({ fence }) => fence);
      expect(fences).toEqual(fences.toSorted());
      if (older.outcome === 'superseded') expect(older).toEqual({ outcome: 'superseded', by: 3 });
      else expect(fences).toContain(2);
    }),
    { numRuns: 200 },
  );
});

it('gives up on an object that never stands still', async () => {
  const store = new Store();
  const { kube } = await start((request, response) => {
    if (request.method === 'PATCH') return refuse(response, 409, 'Conflict');
    return store.answer(request, response);
  });
  store.live = { metadata: { labels: { mine: 'yes' }, resourceVersion: '1', managedFields: [] } };
  await expect(applyFenced(kube, PATH, thing('a'), writing(4))).rejects.toMatchObject({
    code: 'kube/never-quiet',
    temporary: true,
  });
});

it('refuses what carries somebody else’s labels', async () => {
  const store = new Store();
  const { api, kube } = await start(store.answer);
  store.live = { metadata: { resourceVersion: '1' } };
  await expect(applyFenced(kube, PATH, thing('a'), writing(4))).rejects.toThrow(
    'Thing shop/web exists already, and Fairlead did not make it (applying Thing shop/web); delete it, give the app ' +
      'another name, or hand it over by labelling it mine=yes',
  );
  expect(api.requests.map(({ method }) => method)).toEqual(['GET']);
});

it('finishes the adoption that an earlier writer was cut off before', async () => {
  const store = new Store();
  const { api, kube } = await start(store.answer);
  await applyFenced(kube, PATH, thing('a'), writing(4));
  store.live.metadata.managedFields = [{ manager: 'fairlead', operation: 'Update' }];
  api.requests.length = 0;
  await applyFenced(kube, PATH, thing('b'), writing(5));
  expect(api.requests.map(({ contentType }) => contentType)).toEqual([
    undefined,
    'application/json-patch+json',
    'application/apply-patch+yaml',
  ]);
});

it('adopts what a controller has written to as soon as it was there', async () => {
  const store = new Store();
  let disturbed = 0;
  const { kube } = await start((request, response) => {
    const adopting = request.contentType === 'application/json-patch+json';
    // The write of somebody else, between our reading and our adopting.
    if (adopting && disturbed++ < 3) store.live.metadata.resourceVersion = String(++store.version);
    store.answer(request, response);
  });
  await applyFenced(kube, PATH, thing('a'), writing(4));
  expect(disturbed).toBe(4);
  expect(store.live.metadata.managedFields).toEqual([{ manager: 'fairlead', operation: 'Apply' }]);
});

it('lets a newer claim be that has written while it was adopting', async () => {
  const store = new Store();
  let overtaken = false;
  const { kube } = await start((request, response) => {
    const adopting = request.contentType === 'application/json-patch+json';
    if (adopting && !overtaken) {
      overtaken = true;
      store.live.metadata.resourceVersion = String(++store.version);
      store.live.metadata.annotations['fairlead.dev/fence'] = '9';
    }
    store.answer(request, response);
  });
  store.live = { ...thing('a'), metadata: { ...thing('a').metadata, uid: 'u', resourceVersion: '10' } };
  store.live.metadata.annotations = { 'fairlead.dev/fence': '4' };
  store.live.metadata.managedFields = [{ manager: 'fairlead', operation: 'Update' }];
  expect(await applyFenced(kube, PATH, thing('b'), writing(5))).toEqual({ outcome: 'superseded', by: 9 });
  expect(store.live.content).toBe('a');
});

it('takes fields back only if all of them are its own', async () => {
  let forced = 0;
  const causes = [
    { reason: 'FieldManagerConflict', field: '.content', message: 'conflict with "kubectl" using v1' },
  ];
  const store = new Store();
  const { kube } = await start((request, response) => {
    if (request.method !== 'PATCH') return store.answer(request, response);
    if (request.query.get('force') === 'false')
      return refuse(response, 409, 'Conflict', 'Apply failed', { causes });
    forced++;
    return store.answer(request, response);
  });
  const ours = { manager: 'fairlead', operation: 'Apply', fieldsV1: { 'f:content': {} } };
  const theirs = {
    manager: 'kubectl',
    operation: 'Update',
    time: '2026-11-01T10:00:00Z',
    fieldsV1: { 'f:content': {} },
  };
  store.live = { metadata: { labels: { mine: 'yes' }, resourceVersion: '1', managedFields: [theirs] } };
  await expect(applyFenced(kube, PATH, thing('a'), writing(4))).rejects.toThrow(
    '.content of Thing shop/web was set by kubectl at 2026-11-01T10:00:00Z (applying Thing shop/web as fairlead); set ' +
      'the same value here and there (then both own it), or let kubectl stop setting it and take its entry out of ' +
      'metadata.managedFields: kubectl -n shop edit thing web --show-managed-fields',
  );
  expect(forced).toBe(0);
  store.live.metadata.managedFields = [ours, theirs];
  expect(await applyFenced(kube, PATH, thing('a'), writing(4))).toMatchObject({ outcome: 'written' });
  expect(forced).toBe(1);
});

it('removes only what it was asked about, as it was when it was asked', async () => {
  const store = new Store();
  let disturbed = false;
  const { kube } = await start((request, response) => {
    if (request.method === 'DELETE' && !disturbed) {
      disturbed = true;
      store.live = {
        metadata: { uid: 'u', resourceVersion: '99', annotations: { 'fairlead.dev/fence': '9' } },
      };
    }
    return store.answer(request, response);
  });
  const mine = (fence: number) => removeIf(kube, PATH.object, (live) => fenceOf(live) === fence);
  expect(await mine(4)).toBe('absent');
  await applyFenced(kube, PATH, thing('a'), writing(4));
  expect(await mine(3)).toBe('kept');
  // Between looking and deleting, a newer claim writes.
  expect(await mine(4)).toBe('kept');
  expect(await mine(9)).toBe('removed');
});

it('leaves a field to whoever has set it where it is told to yield', async () => {
  const causes = [
    { reason: 'FieldManagerConflict', field: '.content', message: 'conflict with "kubectl" using v1' },
  ];
  const store = new Store();
  const { api, kube } = await start((request, response) =>
    request.method === 'PATCH' && 'content' in request.body
      ? refuse(response, 409, 'Conflict', 'Apply failed', { causes })
      : store.answer(request, response),
  );
  store.live = { ...thing('a'), metadata: { ...thing('a').metadata, uid: 'u', resourceVersion: '10' } };
  const written = await applyFenced(kube, PATH, thing('b'), { ...writing(5), yields: ['.content'] });
  expect(written).toMatchObject({ outcome: 'written', left: [{ field: '.content', manager: 'kubectl' }] });
  expect(api.requests.at(-1)?.body).not.toHaveProperty('content');
  await expect(applyFenced(kube, PATH, thing('b'), writing(6))).rejects.toThrow(
    /\.content of Thing shop\/web/,
  );
});

it('leaves all that it does not take, and refuses what it can do neither with', async () => {
  const conflict = (field: string, manager: string) => ({
    reason: 'FieldManagerConflict',
    field,
    message: `conflict with "${manager}" using v1`,
  });
  let causes = [conflict('.content', 'kubectl-edit'), conflict('.metadata.labels.mine', 'keel')];
  const store = new Store();
  const { api, kube } = await start((request, response) =>
    request.method === 'PATCH' && request.query.get('force') !== 'true'
      ? refuse(response, 409, 'Conflict', 'Apply failed', { causes })
      : store.answer(request, response),
  );
  store.live = { ...thing('a'), metadata: { ...thing('a').metadata, uid: 'u', resourceVersion: '10' } };
  const takes = ({ manager }: { manager: string }) => manager.startsWith('kubectl');
  const write = () => applyFenced(kube, PATH, thing('b'), { ...writing(5), takes, yields: 'all' });
  expect(await write()).toMatchObject({
    left: [{ field: '.metadata.labels.mine', manager: 'keel' }],
    taken: [{ field: '.content', manager: 'kubectl-edit' }],
  });
  expect(api.requests.at(-1)?.body).toMatchObject({ content: 'b', metadata: { labels: {} } });
  store.live.metadata.labels = { mine: 'yes' };
  causes = [conflict('.spec.nowhere', 'keel')];
  await expect(write()).rejects.toThrow(/\.spec\.nowhere of Thing shop\/web was set by keel/);
});
