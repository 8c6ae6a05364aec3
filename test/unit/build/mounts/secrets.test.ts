import { describe, expect, it } from 'vitest';
import { openSecret } from '../../../../lib/build/run/mounts/secrets.ts';

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

  it('is refused as a variable that no shell could hand over', () => {
    const named = (env: string) => () =>
      openSecret({ type: 'secret', id: 'id', env, required: true }, given('hush'), 'Dockerfile:1');
    for (const env of ['a.b', '1A', 'a b', 'PATH', 'LD_PRELOAD', 'BASH_ENV', "x'; id"])
      expect(named(env)).toThrow(`the secret id cannot be handed over as the variable ${env}`);
    expect(named('NPM_TOKEN')()).toMatchObject({ env: 'NPM_TOKEN' });
  });
});
