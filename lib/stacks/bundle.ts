import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const CREDENTIALS = join(import.meta.dirname, '../../lambdas/sdk-credentials.ts');

/** How every handler is bundled, for AWS and for one machine alike: one ES module with all that it imports. */
export function bundleOptions(entry: string, directory: string): BuildOptions {
  return {
    entryPoints: [entry],
    outfile: join(directory, 'index.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': CREDENTIALS },
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    // Names in stack traces point at the sources; their text need not travel along.
    sourcesContent: false,
    // CommonJS packages inside an ES module still call require() for Node's own modules. The import has a name of its
    // own because a package may import createRequire itself.
    banner: {
      js: "import { createRequire as fairleadRequire } from 'node:module'; const require = fairleadRequire(import.meta.url);",
    },
    logLevel: 'warning',
  };
}

/** Bundles the handler in `entry` into `directory`/index.mjs. */
export function bundle(entry: string, directory: string): void {
  buildSync(bundleOptions(entry, directory));
}
