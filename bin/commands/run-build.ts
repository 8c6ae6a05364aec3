import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import pc from 'picocolors';
import { type BuildOptions, build } from '../../lib/build/build.ts';
import { findToolchain } from '../../lib/build/go/toolchain.ts';
import { buildPlatforms } from '../../lib/build/platforms.ts';
import { holdCache } from '../../lib/build/store/hold.ts';
import { machinePlatform } from '../../lib/image/platform.ts';
import type { Image, ImageIndex } from '../../lib/image/types.ts';
import type { Registries } from '../../lib/registry/registries.ts';
import type { BuildFlags } from './build.ts';
import type { BuildCaches } from './build-caches.ts';
import { type ExportInput, exportImage, reachEarly } from './build-export.ts';
import { metadataOf, type Output, outputsOf } from './build-output.ts';
import { type Display, displayFor } from './progress/display.ts';
import { registriesFrom } from './registries.ts';
import { showError } from './show-error.ts';
import { summary } from './summary.ts';

const INTERRUPTED = 130;

/** Builds and exports as the flags say. Answers the exit code of the command. */
export async function runBuild(context: string, flags: BuildFlags): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => {
    // Who asks twice does not want to wait; what was started ends with this process.
    if (interrupted.signal.aborted) process.exit(INTERRUPTED);
    interrupted.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const display = displayFor(flags.quiet === true ? 'quiet' : flags.progress, process.stderr, process.env);
  try {
    await buildAndExport(context, flags, display, interrupted.signal);
    return 0;
  } catch (error) {
    display.close();
    showError(error, (line) => console.error(line));
    return interrupted.signal.aborted ? INTERRUPTED : 1;
  } finally {
    display.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function buildAndExport(
  context: string,
  flags: BuildFlags,
  display: Display,
  signal: AbortSignal,
): Promise<void> {
  const { env } = process;
  const started = performance.now();
  const registries = registriesFrom(env);
  const cacheDir = flags.cacheDir ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fairlead');
  const options = {
    ...(await optionsOf(context, flags, env)),
    cacheDir,
    registries,
    onProgress: display.add,
    signal,
  };
  const names = flags.tag ?? [];
  const outputs = outputsOf(flags);
  // Until all is written and sent: the image's layers are in the cache alone.
  const hold = await holdCache(cacheDir, { signal });
  const { image, sent } = await buildHeld(flags, { ...options, hold }, { outputs, names }, display).finally(
    hold.release,
  );
  const metadata = JSON.stringify(metadataOf(image, names), null, 2);
  if (flags.metadataFile !== undefined) await writeFile(flags.metadataFile, `${metadata}\n`);
  if (flags.iidfile !== undefined) await writeFile(flags.iidfile, image.digest);
  display.close();
  const { cached, all: steps } = display.counts();
  const published = outputs.some(({ kind }) => kind === 'registry') ? { sent } : {};
  const line = summary({ image, cached, steps, ms: performance.now() - started, ...published });
  if (display.isChatty) console.error(pc.green(line));
  const isTaken = outputs.some((output) => 'path' in output && output.path === '-');
  if (!isTaken) console.log(image.digest);
}

async function buildHeld(
  flags: BuildFlags,
  options: BuildOptions & { registries: Registries; signal: AbortSignal },
  { outputs, names }: { outputs: readonly Output[]; names: string[] },
  display: Display,
): Promise<{ image: Image | ImageIndex; sent: number }> {
  const { registries, cacheDir, signal } = options;
  const caches = await cachesFor(flags, registries);
  const isOver = reachEarly(outputs, { names, registries, signal });
  const image = await buildFor(flags, options, caches).finally(isOver);
  const exported = exportAll(outputs, { image, names, registries, cacheDir, tell: display.add, signal });
  const [sent] = await Promise.all([exported, caches?.save(exported, display.add, signal)]);
  return { image, sent };
}

// Loaded where a flag names one: most builds have none, and they are a tenth of all modules.
async function cachesFor(flags: BuildFlags, registries: Registries): Promise<BuildCaches | undefined> {
  if (flags.cacheFrom === undefined && flags.cacheTo === undefined) return undefined;
  const { BuildCaches } = await import('./build-caches.ts');
  return new BuildCaches(flags, registries);
}

async function exportAll(outputs: readonly Output[], input: ExportInput): Promise<number> {
  let sent = 0;
  for (const output of outputs) sent += await exportImage(output, input);
  return sent;
}

function buildFor(
  { platform, annotation }: BuildFlags,
  options: BuildOptions,
  caches: BuildCaches | undefined,
): Promise<Image | ImageIndex> {
  const [only = machinePlatform(), ...more] = platform ?? [];
  const annotations = annotation === undefined ? {} : { annotations: annotation.manifest };
  if (more.length === 0)
    return build({ ...options, ...annotations, platform: only, ...caches?.optionFor(only) });
  return buildPlatforms({
    ...options,
    ...annotations,
    platforms: platform ?? [],
    optionsFor: (one) => caches?.optionFor(one) ?? {},
    ...(annotation === undefined ? {} : { indexAnnotations: annotation.index }),
  });
}

async function optionsOf(
  context: string,
  flags: BuildFlags,
  env: NodeJS.ProcessEnv,
): Promise<Omit<BuildOptions, 'registries' | 'cacheDir'>> {
  const toolchain = findToolchain(env);
  const epoch = env.SOURCE_DATE_EPOCH;
  const { target, label: labels, secret: secrets, ssh, network, buildContext: contexts } = flags;
  return {
    ...(await dockerfileOf(context, flags)),
    ...(target === undefined ? {} : { target }),
    ...(labels === undefined ? {} : { labels }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(ssh === undefined ? {} : { ssh }),
    ...(flags.allow === undefined ? {} : { allow: flags.allow }),
    ...(network === undefined ? {} : { runNetwork: network }),
    ...(contexts === undefined ? {} : { contexts }),
    ...(toolchain === undefined ? {} : { toolchain }),
    buildArgs: { ...(epoch === undefined ? {} : { SOURCE_DATE_EPOCH: epoch }), ...flags.buildArg },
    noCache: !flags.cache,
  };
}

/** Where the Dockerfile is, or its text when it comes from the standard input. */
export async function dockerfileOf(context: string, { file }: Pick<BuildFlags, 'file'>) {
  if (file === '-') return { context, dockerfileText: await text(process.stdin) };
  return { context, ...(file === undefined ? {} : { dockerfile: resolve(file) }) };
}
