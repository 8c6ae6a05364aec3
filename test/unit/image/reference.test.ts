import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairleadError } from '../../../lib/errors.ts';
import { parseReference, parseRepository, renderReference } from '../../../lib/image/reference.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the name of an image', () => {
  test.each([
    ['golang', 'docker.io/library/golang:latest'],
    ['golang:1.22', 'docker.io/library/golang:1.22'],
    ['team/app', 'docker.io/team/app:latest'],
    ['docker.io/golang', 'docker.io/library/golang:latest'],
    ['index.docker.io/library/golang:1', 'docker.io/library/golang:1'],
    ['localhost/a', 'localhost/a:latest'],
    [`localhost:5000/a/b@${digest}`, `localhost:5000/a/b@${digest}`],
    [`localhost:5000/a/b:1@${digest}`, `localhost:5000/a/b:1@${digest}`],
    ['[::1]:5000/a', '[::1]:5000/a:latest'],
    ['MyHost/a', 'MyHost/a:latest'],
    ['quay.io/a__b/c--d/e.f:V_1.2-x', 'quay.io/a__b/c--d/e.f:V_1.2-x'],
  ])('%s is %s', (text, full) => {
    expect(renderReference(parseReference(text))).toBe(full);
  });

  test.each([
    ['', 'no repository'],
    ['Golang', 'lower case'],
    ['quay.io/Team/app', 'lower case'],
    ['golang:', 'tag'],
    ['golang:-x', 'tag'],
    [`golang:${'x'.repeat(129)}`, 'tag'],
    ['golang@latest', 'sha256'],
    ['golang@sha256:abc', 'sha256'],
    [`golang@${digest.toUpperCase()}`, 'sha256'],
    [`golang@${digest}@${digest}`, 'more than one @'],
    ['a//b', 'no repository'],
    ['a/', 'no repository'],
    ['a/../b', 'no repository'],
    ['https://quay.io/a', 'no host name'],
    ['ho st:1/a', 'no host name'],
    ['golang 1.22', 'no repository'],
    ['quay.io/', 'no repository'],
    [`quay.io/${'a'.repeat(250)}`, 'longer than 255'],
  ])('%s is refused: %s', (text, cause) => {
    expect(() => parseReference(text)).toThrow(cause);
    try {
      parseReference(text);
    } catch (error) {
      expect((error as FairleadError).code).toBe('image/bad-reference');
    }
  });

  test('always reads back as it was rendered', () => {
    const name = fc.stringMatching(/^[a-z0-9]+([._-][a-z0-9]+){0,2}$/);
    const reference = fc.record(
      {
        host: fc.constantFrom(
          'docker.io',
          'localhost',
          'localhost:5000',
          'quay.io',
          '127.0.0.1:80',
          '[::1]:1',
          'X',
        ),
        path: fc.array(name, { minLength: 2, maxLength: 4 }).map((names) => names.join('/')),
        tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
        digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}` as const),
      },
      { requiredKeys: ['host', 'path', 'tag'] },
    );
    fc.assert(
      fc.property(reference, (one) => {
        expect(parseReference(renderReference(one))).toEqual(one);
      }),
    );
  });

  test('never fails other than by saying that it is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aA0.:/@-_[] \n') }), (text) => {
        try {
          parseReference(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FairleadError);
        }
      }),
    );
  });
});

describe('the name of a repository', () => {
  test('is a host and a path', () => {
    expect(parseRepository('localhost:5000/a/b')).toEqual({ host: 'localhost:5000', path: 'a/b' });
    expect(parseRepository('web')).toEqual({ host: 'docker.io', path: 'library/web' });
  });

  test.each(['localhost:5000/a:1', `a@${digest}`])('has no tag nor digest: %s', (text) => {
    expect(() => parseRepository(text)).toThrow('neither a tag nor a digest');
  });
});
