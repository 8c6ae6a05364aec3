import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { checkDockerfile, type Warning } from '../dockerfile/check.ts';
import { ignoreFiles, parseIgnore } from '../dockerfile/ignore.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import type { Dockerfile } from '../dockerfile/types.ts';
import { FairleadError, messageOf } from '../errors.ts';
import { machinePlatform } from '../image/platform.ts';
import type { BuildOptions } from './build.ts';
import { atLine } from './failure.ts';
import { readContext } from './plan/context.ts';
import { type Named, readNamed } from './plan/contexts.ts';
import { resolveFroms } from './plan/froms.ts';
import { BuildArgs, globalValues, type Platforms } from './plan/scope.ts';
import { withNetwork, withStageTriggers } from './plan/triggers.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import type { Tree } from './tree.ts';

/** What a build begins with: all that is read before anything is done. */
export interface BuildInput {
  /** Of the context, absolute. */
  directory: string;
  dockerfile: Dockerfile;
  /** What works in it, and is probably not meant. */
  warnings: readonly Warning[];
  /** The build context, as far as .dockerignore lets it in. */
  context: Tree;
  /** The text of the context's go.mod, '' when there is none. */
  goMod: string;
  /** What .dockerignore leaves out of it. */
  ignored: (path: string) => boolean;
  /** Other names for images, by `--build-context`. */
  aliases: Named['aliases'];
  /** The files of other build contexts, by name. */
  directories: Named['directories'];
  store: Store;
  platforms: Platforms;
  args: BuildArgs;
  /** The values of the ARGs before the first FROM. */
  globals: ReadonlyMap<string, string>;
  /** The time in the stages of everything that is made, in seconds since 1970: SOURCE_DATE_EPOCH, else 0. */
  epoch: number;
}

/** Reads the Dockerfile and the names in the context. Throws FairleadError `dockerfile/…`, `build/no-context`. */
export async function readInput(options: BuildOptions): Promise<BuildInput> {
  const directory = resolve(options.context);
  const read = await readDockerfile(directory, options);
  const platforms = { build: machinePlatform(), target: options.platform ?? machinePlatform() };
  const args = new BuildArgs(options.buildArgs ?? {}, platforms);
  const epoch = epochOf(options.buildArgs);
  const rules = parseIgnore(read.ignore);
  const context = readContext(directory, rules, epoch);
  const globals = withLines(read.dockerfile, () => globalValues(read.dockerfile, args, options.target));
  const named = readNamed(options.contexts ?? {}, read.dockerfile, epoch);
  const froms = withLines(read.dockerfile, () =>
    resolveFroms(read.dockerfile, globals, platforms.target, named),
  );
  const dockerfile = withNetwork(withStageTriggers(read.dockerfile, froms), options.runNetwork);
  const hasModule = context.get('go.mod')?.type === 'file';
  return {
    directory,
    dockerfile,
    warnings: checkDockerfile(read.dockerfile, options.buildArgs?.BUILDKIT_DOCKERFILE_CHECK),
    context,
    ignored: (path) => rules.ignores(path),
    ...named,
    goMod: hasModule ? await readFile(join(directory, 'go.mod'), 'utf8') : '',
    store: openStore(options.cacheDir, options.remoteCache),
    platforms,
    args,
    globals,
    epoch,
  };
}

/** Reads the Dockerfile alone. Throws as readInput does. */
export async function readDockerfileOf(
  options: Pick<BuildOptions, 'context' | 'dockerfile' | 'dockerfileText'>,
): Promise<Dockerfile> {
  return (await readDockerfile(resolve(options.context), options)).dockerfile;
}

async function readDockerfile(
  context: string,
  { dockerfile: name = 'Dockerfile', dockerfileText }: Pick<BuildOptions, 'dockerfile' | 'dockerfileText'>,
): Promise<{ dockerfile: Dockerfile; ignore: string }> {
  const path = isAbsolute(name) ? name : join(context, name);
  const shown = path.startsWith(`${context}/`) ? relative(context, path) : name;
  if (!existsSync(context)) {
    throw new FairleadError({
      code: 'build/no-context',
      operation: 'reading the build context',
      place: context,
      cause: 'there is no such directory',
      remedy: 'name the directory that the Dockerfile is for',
    });
  }
  const text = dockerfileText ?? (await readText(path, shown, context));
  const [own = '', general = ''] = ignoreFiles(path);
  const rules = [own, join(context, general)];
  for (const file of rules) refuseOutside(file, context);
  const found = rules.find((file) => existsSync(file));
  const ignore = found === undefined ? '' : await readFile(found, 'utf8').catch(() => '');
  return { dockerfile: parse(text, shown), ignore };
}

async function readText(path: string, shown: string, context: string): Promise<string> {
  refuseOutside(path, context);
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const isMissing = error.code === 'ENOENT';
    throw new FairleadError({
      code: 'dockerfile/missing',
      operation: 'reading the Dockerfile',
      place: shown,
      cause: isMissing ? 'there is no such file in the build context' : messageOf(error),
      remedy: 'add a Dockerfile, or name it with -f',
    });
  });
}

function parse(text: string, name: string): Dockerfile {
  return withLines({ name, lines: text.split(/\r?\n/) }, () => parseDockerfile(text, name));
}

// What is wrong with a line is shown with the lines around it.
function withLines<T>(dockerfile: Pick<Dockerfile, 'name' | 'lines'>, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw atLine(error, dockerfile);
  }
}

// What a link leads to is not the commit's: what is wrong with it is told in its words, and it may have no end.
function refuseOutside(path: string, context: string): void {
  if (!path.startsWith(`${context}/`) || !existsSync(path)) return;
  if (realpathSync(path).startsWith(`${realpathSync(context)}/`)) return;
  const shown = relative(context, path);
  throw new FairleadError({
    code: 'dockerfile/outside',
    operation: `reading ${shown}`,
    place: shown,
    cause: 'it is a link that leads out of the build context',
    remedy: 'put the file itself there',
  });
}

function epochOf(buildArgs: Record<string, string> = {}): number {
  const text = buildArgs.SOURCE_DATE_EPOCH;
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : 0;
}
