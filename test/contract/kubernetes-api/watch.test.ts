import { expect, test } from 'vitest';
import { onEveryServer } from './servers.ts';

interface Line {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any object
  object: any;
}

onEveryServer('watches', (cluster) => {
  const path = (rest = '') => `/api/v1/namespaces/${cluster.namespace}/configmaps${rest}`;
  const create = (name: string, labels: Record<string, string> = {}) =>
    cluster.call('POST', path(), { body: { metadata: { name, labels: { watched: 'yes', ...labels } } } });
  const now = async () => (await cluster.call('GET', path())).body.metadata.resourceVersion;

  /** Watches until it has seen so many lines, or its time is up. */
  async function watch(
    query: string,
    lines: number,
    meanwhile: () => Promise<unknown> = async () => {},
  ): Promise<Line[]> {
    const seen: Line[] = [];
    const watching = cluster.call('GET', path(`?watch=1&timeoutSeconds=5&${query}`), {
      onLine: (line) => seen.push(line) >= lines,
    });
    await meanwhile();
    await watching;
    return seen;
  }

  const story = (lines: readonly Line[]) =>
    lines.map(({ type, object }) => `${type} ${object.metadata.name}`);

  test('from a resourceVersion it replays what came after, and goes on', async () => {
    const from = await now();
    await create('before');
    const lines = await watch(`resourceVersion=${from}&labelSelector=watched`, 4, async () => {
      await create('after');
      await cluster.call('PATCH', path('/after'), {
        body: { data: { a: 'b' } },
        type: 'application/merge-patch+json',
      });
      await cluster.call('DELETE', path('/before'));
    });
    expect(story(lines)).toEqual(['ADDED before', 'ADDED after', 'MODIFIED after', 'DELETED before']);
    const versions = lines.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test('without one it first shows what there is', async () => {
    await create('present', { only: 'present' });
    expect(story(await watch('labelSelector=only=present', 1))).toEqual(['ADDED present']);
  });

  test('objects that enter or leave the selection are added or deleted', async () => {
    const from = await now();
    const label = (value: string | null) =>
      cluster.call('PATCH', path('/moving'), {
        body: { metadata: { labels: { color: value } } },
        type: 'application/merge-patch+json',
      });
    const lines = await watch(`resourceVersion=${from}&labelSelector=color=red`, 3, async () => {
      await create('moving');
      await label('red');
      await cluster.call('PATCH', path('/moving'), {
        body: { data: { a: 'b' } },
        type: 'application/merge-patch+json',
      });
      await label('blue');
    });
    expect(story(lines)).toEqual(['ADDED moving', 'MODIFIED moving', 'DELETED moving']);
  });

  test('one object is watched by its name', async () => {
    await create('named');
    const lines = await watch('fieldSelector=metadata.name=named', 2, async () => {
      await create('other');
      await cluster.call('DELETE', path('/named'));
    });
    expect(story(lines)).toEqual(['ADDED named', 'DELETED named']);
  });

  test('before it times out, a bookmark tells how far it has come', async () => {
    const from = await now();
    const watching = watch(
      `resourceVersion=${from}&allowWatchBookmarks=true&fieldSelector=metadata.name=nothing`,
      1,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const elsewhere = await create('elsewhere');
    const [bookmark] = await watching;
    expect(bookmark?.type).toBe('BOOKMARK');
    expect(bookmark?.object.kind).toBe('ConfigMap');
    expect(Number(bookmark?.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(
      Number(elsewhere.body.metadata.resourceVersion),
    );
  });

  test('it ends when its time is up', async () => {
    const started = Date.now();
    await cluster.call('GET', path(`?watch=1&timeoutSeconds=1&resourceVersion=${await now()}`), {
      onLine: () => false,
    });
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  test('it can be a series of tables, of which the first has the columns', async () => {
    const lines: Line[] = [];
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const watching = cluster.call('GET', path(`?watch=1&timeoutSeconds=5&resourceVersion=${await now()}`), {
      accept,
      onLine: (line) => lines.push(line) >= 2,
    });
    await create('table-one');
    await create('table-two');
    await watching;
    expect(lines.map(({ object }) => object.kind)).toEqual(['Table', 'Table']);
    expect(lines[0]?.object.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      'Name',
      'Data',
      'Age',
    ]);
    expect(lines[1]?.object.columnDefinitions ?? []).toEqual([]);
    expect(lines[1]?.object.rows[0].cells[0]).toBe('table-two');
  });
});
