import { expect, test } from 'vitest';
import type { Listed } from '../../../lib/ledger/listing.ts';
import { checkRemovable } from '../../../lib/operate/removable.ts';
import { ANY_APP, type Deploys } from '../../../lib/push/installation.ts';
import { placeOf } from '../../../lib/push/place.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';

const repository = { host: 'github', owner: 'acme', repository: 'shop' } as const;
const deploys: Deploys = {
  apps: [{ app: 'shop', repository, environments: { staging: 'develop' }, previews: NO_PREVIEWS }],
  others: 'ignored',
};
const listed = (name: string, app = 'shop'): Listed => ({
  app,
  name,
  pushedAt: '2026-11-22T00:00:00Z',
  push: {
    ...repository,
    ...{ ref: 'refs/heads/x', before: '', after: '', delivery: 'd', app, branch: 'x' },
    environment: placeOf(app, name),
  },
});

test('an environment that the configuration names is not removed: the next push would bring it back', () => {
  expect(() => checkRemovable(listed('staging'), deploys)).toThrow(
    /shop in staging, from the branch develop/,
  );
});

test('production never is, and everything else may be', () => {
  for (const of of [deploys, ANY_APP])
    expect(() => checkRemovable(listed('production'), of)).toThrow(/delete the namespace shop/);
  expect(() => checkRemovable(listed('preview-blue'), deploys)).not.toThrow();
  expect(() => checkRemovable(listed('qa'), deploys)).not.toThrow();
  expect(() => checkRemovable(listed('staging', 'old'), deploys)).not.toThrow();
  expect(() => checkRemovable(listed('staging'), ANY_APP)).not.toThrow();
});
