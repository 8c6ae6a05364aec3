import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskOf } from '../../../../lib/build/run/mounts/mask.ts';
import { LONGEST_LINE } from '../../../../lib/sandbox/spawn.ts';

describe('maskOf', () => {
  it('takes a secret out of every line, by itself, by its lines and in base64', () => {
    const mask = maskOf([Buffer.from('first-line\nsecond-line\n')]);
    expect(mask('a first-line b second-line c')).toBe('a *** b *** c');
    expect(mask(Buffer.from('first-line\nsecond-line').toString('base64'))).toMatch(/^\*\*\*=*$/);
    expect(mask('nothing')).toBe('nothing');
  });

  it('always leaves nothing of it, also where a line was cut in the middle of it', () => {
    const text = fc.stringMatching(/^[a-z0-9]{8,40}$/);
    fc.assert(
      fc.property(text, fc.nat({ max: 60 }), (secret, before) => {
        const line = ('-'.repeat(LONGEST_LINE - before) + secret).slice(0, LONGEST_LINE);
        const masked = maskOf([Buffer.from(secret)])(line);
        for (let length = 4; length <= secret.length; length++)
          expect(masked.includes(secret.slice(0, length))).toBe(false);
      }),
    );
  });

  const lines = (bytes: Buffer, width: number) =>
    bytes.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? [];

  /** What is seen but for masks; fewer characters than say anything count as nothing. */
  const left = (masked: string) => {
    const seen = masked.replaceAll('***', '');
    return seen.length < 4 ? '' : seen;
  };

  it.each([76, 64])('leaves no line of what base64 makes of it in lines of %i columns', (width) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 60, maxLength: 400 }), fc.boolean(), (bytes, isEnded) => {
        const secret = Buffer.from(Buffer.from(bytes).toString('hex') + (isEnded ? '\n' : ''));
        const mask = maskOf([secret]);
        for (const line of lines(secret, width)) expect(left(mask(line))).toBe('');
        expect(lines(secret, width).length).toBeGreaterThan(1);
      }),
    );
  });

  it('always finds it in base64 of a longer text, in either alphabet, wherever the lines end', () => {
    const bytes = fc.uint8Array({ minLength: 24, maxLength: 200 });
    const around = fc.uint8Array({ maxLength: 100 });
    const width = fc.constantFrom(64, 76, 100, 5000);
    const alphabet = fc.constantFrom('base64', 'base64url');
    fc.assert(
      fc.property(bytes, around, around, width, alphabet, (secret, before, after, columns, kind) => {
        const text = Buffer.concat([before, secret, after]).toString(kind as 'base64');
        const own = text.slice(
          Math.ceil((before.length * 8) / 6),
          Math.floor(((before.length + secret.length) * 8) / 6),
        );
        const mask = maskOf([Buffer.from(secret)]);
        for (const line of text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []) {
          const masked = mask(line);
          for (let at = 0; at + 12 <= own.length; at++)
            expect(masked.includes(own.slice(at, at + 12))).toBe(false);
        }
      }),
    );
  });

  it('leaves other texts of base64 alone, and is quick with the largest secret', () => {
    const secret = Buffer.alloc(500 * 1024, 'no line ends in this one: 0123456789 ');
    const mask = maskOf([secret]);
    const other = Buffer.from('something else that is long enough for it'.repeat(50)).toString('base64');
    for (let count = 0; count < 1000; count++) expect(mask(other)).toBe(other);
    expect(left(mask(secret.toString('base64', 3000, 3300)))).toBe('');
  });
});
