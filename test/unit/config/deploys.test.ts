import { describe, expect, test } from 'vitest';
import { onThisMachine } from '../../../bin/on-this-machine.ts';
import { apiUrlOf } from '../../../lib/config/api-url.ts';
import { check } from '../../../lib/config/check.ts';
import { deploysOf } from '../../../lib/config/deploys.ts';
import { readRepository } from '../../../lib/config/repository.ts';
import { ANY_APP, inBrief, nameIn, previewsFor, rulesFor } from '../../../lib/push/installation.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';

const config = check({
  apps: [
    { repository: 'gitlab.com/acme/tools/Web_Shop', name: 'shop', previews: { of: 'branches' } },
    { repository: 'github.com/acme/blog', environments: { production: 'main', staging: 'develop' } },
  ],
  hosts: [{ kind: 'github' }, { kind: 'gitlab' }],
});
const shop = { host: 'gitlab', owner: 'ACME/tools', repository: 'web_shop' } as const;

describe('what a configuration deploys', () => {
  const deploys = deploysOf(config);

  test('is found by the repository, in whatever case its host tells it', () => {
    expect(rulesFor(deploys, shop)).toMatchObject({ app: 'shop', environments: { production: 'main' } });
    expect(nameIn(deploys, shop)).toBe('shop');
    expect(previewsFor(deploys, shop).of).toBe('branches');
    expect(inBrief(deploys)).toBe('pushes of 2 repositories');
  });

  test('is nothing else', () => {
    const other = { ...shop, host: 'github' } as const;
    expect(rulesFor(deploys, other)).toHaveProperty('refused');
    expect(previewsFor(deploys, other)).toEqual(NO_PREVIEWS);
    expect(nameIn(deploys, other)).toBe('web_shop');
  });

  test('is main of any repository where the list is any', () => {
    expect(deploysOf({ apps: 'any' })).toEqual(ANY_APP);
    expect(rulesFor(ANY_APP, shop)).toMatchObject({ app: 'web-shop', environments: { production: 'main' } });
    expect(rulesFor(ANY_APP, { ...shop, repository: '3rd' })).toHaveProperty('refused');
    expect(inBrief(ANY_APP)).toBe('pushes to main');
  });

  test('is on one machine what is pushed under the names of the apps', () => {
    const { apps, others } = onThisMachine(config);
    expect(others).toBe('ignored');
    expect(apps).toMatchObject([
      { app: 'shop', repository: { host: 'github', owner: 'local', repository: 'shop' } },
      { app: 'blog', environments: { staging: 'develop' }, repository: { repository: 'blog' } },
    ]);
  });
});

describe('a repository', () => {
  const hosts = [
    { kind: 'gitlab', url: 'https://git.example.com:8443/gitlab', access: 'token' },
    { kind: 'codecommit', access: 'token' },
  ] as const;

  test.each([
    ['git.example.com:8443/gitlab/a/b/c', { host: 'gitlab', owner: 'a/b', repository: 'c' }],
    [
      'https://me:secret@git.example.com:8443/gitlab/a/b.git/',
      { host: 'gitlab', owner: 'a', repository: 'b' },
    ],
    ['codecommit/x.y', { host: 'codecommit', owner: '', repository: 'x.y' }],
  ])('is read from %s', (text, origin) => {
    expect(readRepository(text, hosts)).toEqual({ origin });
  });

  test.each([
    'codecommit',
    'codecommit/',
    'codecommit/a/b',
    'git.example.com:8443/a/b',
    'x',
    '',
    'codecommit/..',
  ])('is none in %j', (text) => {
    expect(readRepository(text, hosts)).toHaveProperty('refused');
  });
});

test('the API of a host is where its documentation says', () => {
  expect(apiUrlOf({ kind: 'github', url: 'https://github.com' })).toBe('https://api.github.com');
  expect(apiUrlOf({ kind: 'github', url: 'https://acme.ghe.com' })).toBe('https://api.acme.ghe.com');
  expect(apiUrlOf({ kind: 'github', url: 'https://git.corp' })).toBe('https://git.corp/api/v3');
  expect(apiUrlOf({ kind: 'gitlab', url: 'https://gitlab.com' })).toBe('https://gitlab.com/api/v4');
  expect(apiUrlOf({ kind: 'bitbucket', url: 'https://bitbucket.org' })).toBe('https://api.bitbucket.org/2.0');
  expect(apiUrlOf({ kind: 'gitea', url: 'https://codeberg.org' })).toBe('https://codeberg.org/api/v1');
  expect(apiUrlOf({ kind: 'codecommit' })).toBeUndefined();
});
