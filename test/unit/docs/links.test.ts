import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..', '..');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'bench/RESULTS.md'],
  ...readdirSync(join(root, 'docs')).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'));

/** Headings as GitHub names them: lower case, without what is no letter, digit, hyphen or space, spaces as hyphens. */
function anchors(text: string): Set<string> {
  const headings = withoutCode(text).matchAll(/^#{1,6} +(.*)$/gm);
  const names = [...headings].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(names);
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** Links to other places of the repository: those to elsewhere cannot be looked at here. */
function links(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  test('links to what is there', () => {
    const dead = links(text).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
      if (!existsSync(target)) return true;
      return (
        anchor !== undefined && target.endsWith('.md') && !anchors(readFileSync(target, 'utf8')).has(anchor)
      );
    });
    expect(dead).toEqual([]);
  });

  test('names files and tests that are there', () => {
    const named = [
      ...text.matchAll(/`((?:test|lib|lambdas|bin|local|bench|docs|schema)\/[\w./-]+\.(?:ts|js|json|md))`/g),
    ];
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

test('every page is reached from the README, or from a page that is', () => {
  const reached = new Set<string>();
  const visit = (page: string) => {
    if (reached.has(page)) return;
    reached.add(page);
    for (const link of links(readFileSync(join(root, page), 'utf8'))) {
      const target = relative(root, resolve(root, dirname(page), link.split('#')[0] ?? ''));
      if (pages.includes(target)) visit(target);
    }
  };
  visit('README.md');
  expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
});
