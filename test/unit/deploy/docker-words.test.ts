import { describe, expect, test } from 'vitest';
import { parseWords } from '../../../bin/commands/docker/words.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describe('what the CDK’s publisher says to docker', () => {
  test.each([
    ['inspect cdkasset-1f', { does: 'inspect', name: 'cdkasset-1f' }],
    [`tag cdkasset-1f ${ECR}/a:1f`, { does: 'tag', source: 'cdkasset-1f', target: `${ECR}/a:1f` }],
    [`push ${ECR}/a:1f`, { does: 'push', name: `${ECR}/a:1f` }],
    [`login --username AWS --password-stdin ${ECR}`, { does: 'login', username: 'AWS', host: ECR }],
    [`login --username AWS --password-stdin https://${ECR}/`, { does: 'login', username: 'AWS', host: ECR }],
    ['images --format {{.Repository}}:{{.Tag}} --filter reference=*/*:1f', { does: 'images', tag: '1f' }],
    ['--config /tmp/c push a:1', { does: 'push', name: 'a:1', config: '/tmp/c' }],
  ])('%s', (words, call) => {
    expect(parseWords(words.split(' '))).toEqual(call);
  });

  test('build, with its arguments as they are', () => {
    const args = ['--build-arg', 'A=b c', '--tag', 'cdkasset-1f', '--platform', 'linux/arm64', '.'];
    expect(parseWords(['build', ...args])).toEqual({ does: 'build', args, names: ['cdkasset-1f'] });
  });
});

describe('what is refused, in one line', () => {
  test.each([
    'run --rm image',
    'build .',
    'login --username AWS --password hunter2 host',
    'images',
    'load --input image.tar',
    'push --all-tags a',
    '',
  ])('%s', (words) => {
    expect(() => parseWords(words.split(' '))).toThrow(/no docker is here.*CDK_DOCKER=docker/);
  });

  test('never with what is the value of something', () => {
    const words = 'login --username AWS --password=hunter2 host'.split(' ');
    expect(() => parseWords(words)).toThrow(/^(?!.*hunter2)/);
  });
});
