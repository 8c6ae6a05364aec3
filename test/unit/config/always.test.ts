import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keysAt } from '../../../lib/app/schema/tell.ts';
import { check } from '../../../lib/config/check.ts';
import type { Config } from '../../../lib/config/config.ts';
import { configSchema } from '../../../lib/config/schema.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { HOST_KINDS } from '../../../lib/host-kind.ts';
import { placeOf } from '../../../lib/push/place.ts';
import { PULL_REQUEST_HOSTS } from '../../../lib/push/previews.ts';
import { forgeOf } from '../../../lib/source/forge-of.ts';

/** The configuration, or what a person is told; anything else is a fault of the check. */
function taken(said: unknown): Config | string {
  try {
    return check(said);
  } catch (error) {
    if (error instanceof FairleadError && error.code === 'config/invalid') return error.message;
    throw error;
  }
}

const keys = keysAt(configSchema, []);
const inside = keys.flatMap((key) => keysAt(configSchema, [key]));
const word = fc.constantFrom(...keys, ...inside, ...keysAt(configSchema, ['apps']), 'new', 'existing');
const value = fc.oneof(
  fc.anything(),
  fc.constantFrom('any', 'github.com/a/b', 'main', 'branches', 'private', 'eu-west-1', 'gitea', 1, 30, true),
);
const nested = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, value, tie('object'), fc.array(tie('any'), { maxLength: 3 })),
  object: fc.dictionary(word, tie('any'), { maxKeys: 5 }),
})).any;

test('whatever a file says is taken, or told what is wrong with it', () => {
  const config = fc
    .record({ apps: fc.oneof(fc.constant('any'), nested) })
    .chain((apps) => fc.dictionary(word, nested, { maxKeys: 4 }).map((rest) => ({ ...rest, ...apps })));
  fc.assert(
    fc.property(fc.oneof(nested, config), (said) => {
      const answer = taken(said);
      if (typeof answer === 'string') expect(answer).toMatch(/^fairlead\.config\.ts: /);
    }),
    { numRuns: 2000 },
  );
});

test('no two environments of what is taken have one namespace, and no two apps one repository', () => {
  const name = fc.constantFrom('web', 'web-env', 'env', 'staging', 'a', 'web-env-staging');
  const app = fc.record({
    repository: fc.tuple(fc.constantFrom('a', 'B'), name).map(([owner, its]) => `github.com/${owner}/${its}`),
    name: fc.option(name, { nil: undefined }),
    environments: fc.dictionary(fc.oneof(name, fc.constant('production')), fc.stringMatching(/^[a-c]$/), {
      minKeys: 1,
      maxKeys: 3,
    }),
  });
  let count = 0;
  fc.assert(
    fc.property(fc.array(app, { minLength: 1, maxLength: 4 }), (apps) => {
      const answer = taken({ apps });
      if (typeof answer === 'string' || answer.apps === 'any') return;
      count++;
      const namespaces = answer.apps.flatMap(({ app: its, environments }) =>
        Object.keys(environments).map((environment) => placeOf(its, environment).namespace),
      );
      expect(new Set(namespaces).size).toBe(namespaces.length);
      const repositories = answer.apps.map(({ repository }) => JSON.stringify(repository).toLowerCase());
      expect(new Set(repositories).size).toBe(repositories.length);
    }),
    { numRuns: 1000 },
  );
  expect(count).toBeGreaterThan(50);
});

test('previews of pull requests are allowed where the host tells of pull requests, and nowhere else', () => {
  const telling = HOST_KINDS.filter(
    (kind) => forgeOf(kind, { apiUrl: 'https://git.test' }).pulls !== undefined,
  );
  expect(telling).toEqual(PULL_REQUEST_HOSTS);
});
