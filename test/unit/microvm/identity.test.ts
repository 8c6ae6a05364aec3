import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientToken, decodeHandle, encodeHandle, runKey } from '../../../lib/engine/microvm/identity.ts';

const name = { image: 'arn 1', app: 'web', day: '2026-03-12', slot: 0, generation: 0 };

test('the same words mean the same VM, and every other word another one', () => {
  expect(clientToken({ ...name })).toBe(clientToken(name));
  const others = [{ image: 'arn 2' }, { app: 'api' }, { day: '2026-03-13' }, { slot: 1 }, { generation: 1 }];
  const tokens = [name, ...others.map((other) => ({ ...name, ...other }))].map(clientToken);
  expect(new Set(tokens).size).toBe(tokens.length);
  // 128 characters are allowed.
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
});

test('the key of a VM takes the secret to know', () => {
  expect(runKey('secret', 'token')).not.toBe(runKey('other', 'token'));
  expect(runKey('secret', 'token')).not.toBe(runKey('secret', 'other'));
});

test('a handle is read as it was written, and nothing else is', () => {
  const handle = fc.record({
    vm: fc.string(),
    token: fc.string(),
    from: fc.nat(),
    lost: fc.nat(9),
    broken: fc.nat(9),
  });
  fc.assert(
    fc.property(handle, (each) => {
      expect(decodeHandle(encodeHandle(each))).toEqual(each);
    }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((text) => Buffer.from(text).toString('base64url')),
      ),
      (text) => {
        const read = decodeHandle(text);
        if (read !== undefined) expect(Number.isInteger(read.from)).toBe(true);
      },
    ),
  );
});
