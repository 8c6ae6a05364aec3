import { expect, test } from 'vitest';
import { isExposed, originOf } from '../../../lib/registry/host.ts';

test.each([
  ['docker.io', 'https://registry-1.docker.io'],
  ['quay.io', 'https://quay.io'],
  ['localhost:5000', 'http://localhost:5000'],
  ['127.1.2.3', 'http://127.1.2.3'],
  ['[::1]:5000', 'http://[::1]:5000'],
  ['registry.lan:5000', 'http://registry.lan:5000'],
  ['other.lan:5000', 'https://other.lan:5000'],
  ['localhost.example', 'https://localhost.example'],
  ['127.0.0.1.example', 'https://127.0.0.1.example'],
])('%s is spoken to at %s', (host, origin) => {
  expect(originOf(host, ['registry.lan:5000'])).toBe(origin);
});

test.each([
  ['https://anything/', false],
  ['http://localhost:1/', false],
  ['http://registry.lan:5000/', false],
  ['http://registry.lan/', true],
])('whether %s would be exposed: %s', (url, expected) => {
  expect(isExposed(new URL(url), ['registry.lan:5000'])).toBe(expected);
});
