import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fresh, isSameUrl, mended, planFor, type Webhook } from '../../../lib/source/webhooks/webhook.ts';

const WANTED = { url: 'https://hook.example/', events: ['push', 'delete'] };
const RIGHT: Webhook = { ...fresh(WANTED), id: '1' };

test('one is made where there is none, and kept where it is right', () => {
  expect(planFor([], WANTED)).toEqual({ is: 'make' });
  expect(planFor([RIGHT], WANTED)).toEqual({ is: 'keep', webhook: RIGHT });
  // All of GitHub's events.
  expect(planFor([{ ...RIGHT, events: ['*'] }], WANTED).is).toBe('keep');
  // What somebody has added has no use here, and does no harm.
  expect(planFor([{ ...RIGHT, events: ['push', 'delete', 'fork'] }], WANTED).is).toBe('keep');
  // A host that does not say whether there is a secret.
  expect(planFor([{ ...RIGHT, hasSecret: undefined }], WANTED).is).toBe('keep');
});

test.each<[Partial<Webhook>, RegExp]>([
  [{ events: ['push'] }, /did not send delete/],
  [{ active: false }, /switched off/],
  [{ contentType: 'form' }, /sent form/],
  [{ verifies: false }, /certificate/],
  [{ filter: 'main' }, /of main alone/],
  [{ hasSecret: false }, /no secret/],
])('%o is mended', (wrong, fault) => {
  const plan = planFor([{ ...RIGHT, ...wrong }], WANTED);
  expect(plan).toMatchObject({ is: 'mend', faults: [expect.stringMatching(fault)], doubles: [] });
});

const webhook = fc.record<Webhook>({
  id: fc.stringMatching(/^[1-9]$/),
  url: fc.constant(WANTED.url),
  events: fc.uniqueArray(fc.constantFrom('push', 'delete', 'fork', '*')),
  active: fc.boolean(),
  contentType: fc.constantFrom('json', 'form'),
  verifies: fc.boolean(),
  filter: fc.constantFrom('', 'main'),
  hasSecret: fc.option(fc.boolean(), { nil: undefined }),
  kept: fc.constant({}),
});

test('what was mended is always right, and exactly one is left', () => {
  fc.assert(
    fc.property(fc.array(webhook, { minLength: 1, maxLength: 4 }), (found) => {
      const plan = planFor(found, WANTED);
      if (plan.is === 'make') throw new Error('there is one already');
      const left = { ...mended(plan.webhook, WANTED), hasSecret: true };
      expect(planFor([left], WANTED)).toEqual({ is: 'keep', webhook: left });
      if (plan.is === 'mend') expect(plan.doubles).toHaveLength(found.length - 1);
      // Nothing is taken away that somebody else has turned on.
      expect(left.events).toEqual(expect.arrayContaining([...plan.webhook.events]));
    }),
  );
});

describe('two URLs', () => {
  test.each([
    ['https://hook.example', 'https://hook.example/', true],
    ['https://HOOK.example/a/', 'https://hook.example/a', true],
    ['https://hook.example/a', 'https://hook.example/b', false],
    ['https://hook.example/', 'http://hook.example/', false],
    ['https://hook.example/', 'https://hook.example.org/', false],
    ['', 'https://hook.example/', false],
  ])('%s and %s', (one, other, isSame) => {
    expect(isSameUrl(one, other)).toBe(isSame);
  });
});
