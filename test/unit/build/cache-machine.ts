// Builds, publishes and keeps the cache as the engines do, and prints the digest: `node cache-machine.ts HOST CONTEXT DISK`.
import { build } from '../../../lib/build/build.ts';
import { RemoteCache } from '../../../lib/build/cache/remote-cache.ts';
import { Registries } from '../../../lib/registry/registries.ts';

const [host, context = '', cacheDir = ''] = process.argv.slice(2);
const registries = new Registries();
const place = { artifacts: registries.artifacts(`${host}/app`), tag: 'cache' };
const remoteCache = new RemoteCache({ from: [place], to: place });
const image = await build({ context, cacheDir, registries, remoteCache });
const publishing = registries.publish(image, `${host}/app`, ['v1']);
await Promise.all([publishing, remoteCache.save(publishing)]);
console.log(image.digest);
