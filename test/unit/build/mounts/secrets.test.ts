import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskOf, openSecret } from '../../../../lib/build/run/mounts/secrets.ts';
import { LONGEST_LINE } from '../../../../lib/sandbox/spawn.ts';

const given = (value: string) => new Map([['id', { from: 'value', value } as const]]);

describe('openSecret', () => {
  it('is at /run/secrets with mode 400 unless something else is asked for', () => {
    expect(openSecret({ type: 'secret', id: 'id', required: true }, given('s'), 'Dockerfile:1')).toEqual({
      data: Buffer.from('s'),
      target: '/run/secrets/id',
      mode: 0o400,
      uid: 0,
      gid: 0,
    });
  });

  it('takes the name of the target for the id, and makes no file for a variable', () => {
    const byTarget = openSecret(
      { type: 'secret', target: '/a/id', required: true },
      given('s'),
      'Dockerfile:1',
    );
    expect(byTarget?.target).toBe('/a/id');
    const byVariable = openSecret(
      { type: 'secret', id: 'id', env: 'E', required: true },
      given('s'),
      'Dockerfile:1',
    );
    expect(byVariable).toMatchObject({ env: 'E' });
    expect(byVariable).not.toHaveProperty('target');
  });

  it('is not there when it was not given and need not be, and says nothing of what is wrong with it', () => {
    expect(
      openSecret({ type: 'secret', id: 'x', required: false }, given('s'), 'Dockerfile:1'),
    ).toBeUndefined();
    const large = () =>
      openSecret({ type: 'secret', id: 'id', required: true }, given('hush'.repeat(200_000)), 'Dockerfile:1');
    expect(large).toThrow(/the secret id cannot be used: it is too large/);
    expect(large).not.toThrow(/hush/);
  });
});

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
});
