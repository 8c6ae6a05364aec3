import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { digestOf, isDigest, verifyBytes, verifying } from '../../../lib/image/digest.ts';

const bytes = Buffer.from('hello');
const expected = { digest: digestOf(bytes), size: 5 };
const read = (text: string, against = expected) =>
  buffer(
    Readable.from([Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))]).compose(
      verifying(against, 'here'),
    ),
  );

test('the digest of bytes is their SHA-256', () => {
  expect(expected.digest).toBe('sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
});

test.each([
  'sha256:abc',
  `sha512:${'a'.repeat(128)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}\n`,
])('%o is no digest of ours', (text) => {
  expect(isDigest(text)).toBe(false);
});

describe('verifying a stream', () => {
  test('passes the right bytes on', async () => {
    expect(await read('hello')).toEqual(bytes);
  });

  test.each([
    ['hallo', 'bytes with digest sha256:d3751d33'],
    ['hell', 'only 4 of its 5 bytes'],
    ['hello!', 'more than its 5 bytes'],
  ])('fails for %s: %s', async (text, cause) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'image/wrong-bytes' });
    await expect(read(text)).rejects.toThrow(cause);
  });

  test('lets nothing beyond the size through', async () => {
    let passed = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(4);
      })(),
    );
    const checked = endless.compose(verifying(expected, 'here'));
    await expect(async () => {
      for await (const chunk of checked) passed += (chunk as Buffer).length;
    }).rejects.toThrow('more than its 5 bytes');
    expect(passed).toBeLessThanOrEqual(5);
  });
});

test('verifying bytes at hand', () => {
  expect(() => verifyBytes(bytes, expected.digest, 'here')).not.toThrow();
  expect(() => verifyBytes(Buffer.from('hallo'), expected.digest, 'here')).toThrow('here: ');
});
