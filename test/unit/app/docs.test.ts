import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { keysAt } from '../../../lib/app/schema/tell.ts';
import { appFileSchema } from '../../../lib/app/schema.ts';

const root = join(import.meta.dirname, '../../..');
const examples = (file: string) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

it.each(['docs/fairlead-yaml.md', 'README.md'])(
  'shows in %s only what is taken, in every environment',
  (file) => {
    const shown = examples(file);
    expect(shown.length).toBeGreaterThan(0);
    // Parts of one file, which may refer to each other.
    for (const text of shown)
      for (const environment of ['production', 'preview-x'])
        expect(() =>
          decideApp({
            name: 'shop',
            file: text.replace('    cron: { report: { suspend: true } }\n', ''),
            environment,
            image: { exposedPorts: [8080] },
            defaults: { service: 'ClusterIP' },
          }),
        ).not.toThrow();
  },
);

it('tells every field', () => {
  const text = readFileSync(join(root, 'docs/fairlead-yaml.md'), 'utf8');
  const paths = ['', 'processes.x', 'scale', 'service', 'ingress', 'bake', 'jobs.x', 'cron.x'].flatMap(
    (path) => keysAt(appFileSchema, path === '' ? [] : path.split('.')),
  );
  expect(paths.length).toBeGreaterThan(60);
  expect(paths.filter((key) => !new RegExp(`[\\x60.]${key}[\\x60.]`).test(text))).toEqual([]);
});
