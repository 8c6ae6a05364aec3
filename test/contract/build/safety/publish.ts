import { build } from '../../../../lib/build/build.ts';
import { Registries } from '../../../../lib/registry/registries.ts';

// Builds a context and publishes the image: what the test kills in the middle.
const [context = '', cacheDir = '', repository = '', tag = ''] = process.argv.slice(2);
const registries = new Registries();
const image = await build({ context, cacheDir, registries, engines: ['function'] });
process.stdout.write('built\n');
await registries.publish(image, repository, [tag]);
process.stdout.write(`${image.digest}\n`);
