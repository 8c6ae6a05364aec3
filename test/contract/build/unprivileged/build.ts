import { build } from '../../../../lib/build/build.ts';
import { findToolchain } from '../../../../lib/build/go/toolchain.ts';
import { Registries } from '../../../../lib/registry/registries.ts';

// Builds a context by the function engine alone and prints the digests: what runs in the jail of jail.ts.
const [context = '', cacheDir = ''] = process.argv.slice(2);
const toolchain = findToolchain({});
const image = await build({
  context,
  cacheDir,
  registries: new Registries(),
  engines: ['function'],
  ...(toolchain === undefined ? {} : { toolchain }),
});
process.stdout.write(JSON.stringify({ digest: image.digest, layers: image.manifest.layers }));
