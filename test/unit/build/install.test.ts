import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { checkInstall } from '../../../lib/build/go/install.ts';

const goroot = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim();

it.each(['std', 'cmd/compile', 'fmt', 'all', 'cmd/...', '...', 'f...'])(
  'go install %s is refused',
  (name) => {
    expect(() => checkInstall(['install', '-v', './...', name], goroot)).toThrow(/it installs \S+ of Go/);
  },
);

it.each(['.', './...', '/src/...', 'example.com/x@latest', 'hello/cmd/app', 'hello/...'])(
  'go install %s is not',
  (name) => {
    checkInstall(['install', name], goroot);
  },
);

it('only go install is looked at', () => {
  checkInstall(['build', 'std'], goroot);
});
