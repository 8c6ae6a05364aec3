import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const CREDENTIALS = join(import.meta.dirname, '../../lambdas/sdk-credentials.ts');

/**
 * How every handler is bundled, for AWS and for one machine alike: `directory`/index.mjs with all that it imports, beside
 * modules with what it imports later, if at all.
 */
export function bundleOptions(entry: string, directory: string): BuildOptions {
  return {
    entryPoints: { index: entry },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What a function seldom needs is not read by one that starts, and of its packages only what is used is here at all.
    splitting: true,
    chunkNames: 'later-[hash]',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': CREDENTIALS },
    minify: true,
    // Stack traces name functions and classes as the sources do. With maps they would have lines of the sources, too, but
    // to have Node use them costs each start a third more, so maps stay behind, in dist/: what is deployed can be made
    // again from its commit, to the byte, and its map with it.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    // CommonJS packages inside an ES module still call require() for Node's own modules. The import has a name of its
    // own because a package may import createRequire itself.
    banner: {
      js: "import { createRequire as fairleadRequire } from 'node:module'; const require = fairleadRequire(import.meta.url);",
    },
    logLevel: 'warning',
  };
}

/** Bundles the handler in `entry` into `directory`, and nothing else of modules stays there. */
export function bundle(entry: string, directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) if (/\.mjs(\.map)?$/.test(name)) rmSync(join(directory, name));
  buildSync(bundleOptions(entry, directory));
}
