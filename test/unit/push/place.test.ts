import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isPreview,
  placeOf,
  previewOfBranch,
  previewOfPull,
  production,
  whyNoEnvironment,
} from '../../../lib/push/place.ts';
import { admits } from '../../../lib/push/previews.ts';

const nameOf = (branch: string, app = 'web') => {
  const placed = previewOfBranch(app, branch);
  return 'place' in placed ? placed.place.name : placed.refused;
};

/** Branches that are meant to meet: spelled alike, or like names that are made. */
const branch = fc.oneof(
  fc.string({ minLength: 1, maxLength: 80 }),
  fc.stringMatching(/^[aA/._-]{1,12}$/),
  fc.stringMatching(/^(feature|Feature)[-/_.]x([-/_.][0-9a-f]{10})?$/),
  fc.stringMatching(/^pr[-/]\d{1,3}$/),
  fc.constantFrom('staging', 'env-staging', 'env--staging', '-env--staging', 'x'),
  fc.stringMatching(/^a{30,60}[b-]?$/),
);
const app = fc.stringMatching(/^[a-z]([a-z0-9]|-[a-z0-9]){0,20}$/);
/** Names that a configuration may give, and that are meant to meet a branch's. */
const environment = fc
  .oneof(
    fc.stringMatching(/^[a-z]([a-z0-9]|-[a-z0-9]){0,10}$/),
    fc.constantFrom('staging', 'env-staging', 'pr-7', 'x'),
  )
  .filter((name) => name !== 'production' && whyNoEnvironment('web', name) === undefined);
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

describe('the place of a preview', () => {
  test.each([
    ['blue', 'preview-blue'],
    ['feature-x', 'preview-feature-x'],
    ['feature/x', /^preview-feature-x-[0-9a-f]{10}$/],
    ['Feature-X', /^preview-feature-x-[0-9a-f]{10}$/],
    ['pr-7', /^preview-pr-7-[0-9a-f]{10}$/],
    ['ü', /^preview-[0-9a-f]{10}$/],
    ['x'.repeat(200), /^preview-x{34}-[0-9a-f]{10}$/],
  ])('of the branch %s is called as it', (name, expected) => {
    expect(nameOf(name)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  test('of a fork is called by the number of its pull request', () => {
    expect(previewOfPull('web', 7)).toEqual({ place: { name: 'preview-pr-7', namespace: 'web--pr-7' } });
  });

  test('is never that of another branch, of a pull request, or of another app', () => {
    const previewed = fc.oneof(
      fc.record({ app, branch }),
      fc.record({ app, number: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ app }),
      fc.record({ app, name: environment }),
    );
    const placed = (one: { app: string; branch?: string; number?: number; name?: string }) => {
      if (one.name !== undefined) return { place: placeOf(one.app, one.name) };
      if (one.branch !== undefined) return previewOfBranch(one.app, one.branch);
      return one.number === undefined ? { place: production(one.app) } : previewOfPull(one.app, one.number);
    };
    fc.assert(
      fc.property(previewed, previewed, (one, other) => {
        const [a, b] = [placed(one), placed(other)];
        if ('refused' in a || 'refused' in b) return;
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(a.place.namespace === b.place.namespace).toBe(same);
        expect(`${one.app}/${a.place.name}` === `${other.app}/${b.place.name}`).toBe(same);
      }),
      { numRuns: 3000 },
    );
  });

  test('always fits: labels of 63 characters, names of 53', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,63}$/), branch, (name, head) => {
        const placed = previewOfBranch(name, head);
        if ('refused' in placed) return name.length > 42;
        const { place } = placed;
        expect(place.name).toMatch(LABEL);
        expect(place.namespace).toMatch(LABEL);
        expect(place.name.length).toBeLessThanOrEqual(53);
        expect(place.namespace.length).toBeLessThanOrEqual(63);
        expect(`${name}-${place.name}`.length).toBeLessThanOrEqual(63);
        return true;
      }),
    );
  });
});

describe('the place of an environment that has a name', () => {
  test('is the app’s own namespace for production, and one beside it for any other', () => {
    expect(placeOf('web', 'production')).toEqual({ name: 'production', namespace: 'web' });
    expect(placeOf('web', 'staging')).toEqual({ name: 'staging', namespace: 'web--env--staging' });
  });

  test('is none of a preview', () => {
    expect(isPreview(placeOf('web', 'staging'))).toBe(false);
    expect(isPreview(production('web'))).toBe(false);
    expect(isPreview({ name: 'preview-blue' })).toBe(true);
  });

  test.each([
    ['preview', /previews begin with it/],
    ['preview-x', /previews begin with it/],
    ['a--b', /two hyphens/],
  ])('cannot be called %s', (name, why) => {
    expect(whyNoEnvironment('web', name)).toMatch(why);
  });

  test('fits into a label, or is refused', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,63}$/), environment, (name, called) => {
        if (whyNoEnvironment(name, called) !== undefined) return;
        const { namespace } = placeOf(name, called);
        expect(namespace).toMatch(LABEL);
        expect(namespace.length).toBeLessThanOrEqual(63);
        expect(`${name}-${called}`.length).toBeLessThanOrEqual(63);
      }),
    );
  });
});

describe('patterns of branches', () => {
  test.each([
    ['**', 'a/b', true],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['feature/*', 'feature/x', true],
    ['feature/*', 'feature/', true],
    ['feature/**', 'feature/x/y', true],
    ['**/x', 'a/b/x', true],
    ['release-1.2', 'release-1x2', false],
    ['a*c', 'abbbc', true],
    ['', 'a', false],
  ])('%s, %s: %s', (pattern, name, expected) => {
    expect(admits({ branches: [pattern] }, name)).toBe(expected);
  });

  test('of many stars take no longer than they are long', () => {
    const started = performance.now();
    expect(admits({ branches: [`${'*a'.repeat(100)}b`] }, 'a'.repeat(250))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
