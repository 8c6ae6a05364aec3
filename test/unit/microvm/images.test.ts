import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDockerfile } from '../../../lib/dockerfile/check.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../../lambdas', name), 'utf8');

test.each(['build-vm.Dockerfile', 'build-image.Dockerfile'])('%s has nothing that is warned of', (name) => {
  expect(checkDockerfile(parseDockerfile(read(name), name))).toEqual([]);
});

// Debian packages of what lib/sandbox starts: ip; iptables-restore and -save; mount; unshare, nsenter, setpriv and
// prlimit; find and xargs; tar.
test.each(['iproute2', 'iptables', 'mount', 'util-linux', 'findutils', 'tar'])(
  'the image of the MicroVMs has %s',
  (name) => {
    expect(read('build-vm.Dockerfile')).toMatch(new RegExp(`apt-get install .* ${name}\\b`));
  },
);
