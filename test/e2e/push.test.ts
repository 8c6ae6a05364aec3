import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { App, get, type Pushed } from './harness/app.ts';
import { Cluster } from './harness/cluster.ts';

const { git, kubeconfig } = inject('cloud');

/** Another text each time: the caches of the last run would leave nothing to be built. */
const life = `life ${Date.now()}`;

/** One app through its life: each test pushes on top of what the one before has left. */
describe('an app', { timeout: 120_000 }, () => {
  let app: App;
  let url = '';
  const commits: string[] = [];

  const change = async (before: string, after: string): Promise<Pushed> => {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    expect(source).toContain(before);
    commits.push(await app.commit({ 'main.go': source.replace(before, after) }));
    return app.push();
  };

  beforeAll(async () => {
    app = await App.create(git, 'life');
  });
  afterAll(() => app.remove());

  it('is live after its first push, at the address in the last line', async () => {
    const pushed = await app.push();
    commits.push((await app.git('rev-parse', 'HEAD')).text.trim());
    expect(pushed.lines.at(-1)).toMatch(new RegExp(`^live life ${commits[0]} http://`));
    url = pushed.rest;
    expect(await get(url)).toBe('Hello from Fairlead, version 1');
    expect(pushed.code).toBe(0);
  });

  it('tells what was built, published and rolled out, and how long it took', async () => {
    const pushed = await change('version 1', `version 2 of ${life}`);
    const story = pushed.lines.join('\n');
    expect(story).toMatch(/RUN CGO_ENABLED=0 go build.* \d+(\.\d+)?(s| s|ms| ms)/);
    expect(story).toMatch(/sha256:[0-9a-f]{12}/);
    expect(story).toMatch(/ready/);
    expect(await get(url)).toBe(`Hello from Fairlead, version 2 of ${life}`);
  });

  it('keeps answering with what was live when a commit does not compile', async () => {
    const pushed = await change('Fprintln(w, greeting)', 'Fprintln(w, greting)');
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toMatch(/main\.go:\d+:\d+: undefined: greting/);
    expect(pushed.code).toBe(0);
    expect(await get(url)).toBe(`Hello from Fairlead, version 2 of ${life}`);
  });

  it('keeps answering when a commit crashes at start, and says what the pod logged', async () => {
    await app.git('checkout', '-q', commits[1] ?? '', '--', '.');
    const pushed = await change('func main() {', 'func main() {\n\tlog.Fatal("no database")');
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toContain('no database');
    expect(await get(url)).toBe(`Hello from Fairlead, version 2 of ${life}`);
  });

  it('does nothing for the commit that is live', async () => {
    const pushed = await app.push(`${commits[1]}:main`);
    expect(pushed.lines.at(-1)).toBe(`unchanged life ${commits[1]} ${url}`);
    expect(pushed.text).not.toContain('go build');
  });

  it('refuses a commit that is on record as bad, with the reason, and builds nothing', async () => {
    const pushed = await app.push(`${commits[3]}:main`);
    expect(pushed.lines.at(-1)).toMatch(new RegExp(`^failed life ${commits[3]} refused: `));
    expect(pushed.text).toContain('no database');
    expect(pushed.text).not.toContain('go build');
    expect(await get(url)).toBe(`Hello from Fairlead, version 2 of ${life}`);
  });

  it('goes live again with the next good commit', async () => {
    await app.git('checkout', '-q', commits[1] ?? '', '--', '.');
    const pushed = await change('version 2', 'version 3');
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(await get(url)).toBe(`Hello from Fairlead, version 3 of ${life}`);
  });

  it('comes back by a push of the same commit when somebody has deleted its namespace', async () => {
    // git tells nobody of a push that moves nothing.
    expect((await app.push(`${commits[3]}:main`)).text).toContain('refused');
    await new Cluster(kubeconfig).delete('/api/v1/namespaces/life');
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toMatch(/is not live in the cluster any more: it is brought back/);
    expect(pushed.text).not.toContain('go build');
    expect(await get(pushed.rest)).toBe(`Hello from Fairlead, version 3 of ${life}`);
  });
});
