import { type Command, Option } from 'commander';
import type { NamedContext } from '../../lib/build/plan/contexts.ts';
import type { Privilege } from '../../lib/build/run/privileges.ts';
import type { SecretSource } from '../../lib/build/run/secrets.ts';
import type { Platform } from '../../lib/image/types.ts';
import {
  type Annotations,
  annotation,
  buildContext,
  type CacheReference,
  cacheReference,
  label,
  pairsFrom,
  platforms,
  privilege,
  secretsFrom,
  sshFrom,
  tag,
} from './build-flags.ts';
import { type Output, output, outputsOf, whyNotOutputs } from './build-output.ts';
import type { ProgressMode } from './progress/display.ts';
import { runBuild } from './run-build.ts';
import { runCheck } from './run-check.ts';

/** What the command line says; what may be repeated is missing when it is not there. */
export interface BuildFlags {
  file?: string;
  tag?: string[];
  buildArg?: Record<string, string>;
  buildContext?: Record<string, NamedContext>;
  label?: Record<string, string>;
  annotation?: Annotations;
  target?: string;
  platform?: Platform[];
  secret?: ReadonlyMap<string, SecretSource>;
  ssh?: ReadonlyMap<string, string>;
  network?: 'default' | 'none' | 'host';
  allow?: Privilege[];
  cache: boolean;
  cacheFrom?: CacheReference[];
  cacheTo?: CacheReference[];
  check?: true;
  output?: Output[];
  push?: true;
  load?: true;
  pull?: true;
  provenance?: string;
  sbom?: string;
  metadataFile?: string;
  iidfile?: string;
  cacheDir?: string;
  progress: ProgressMode;
  quiet?: true;
}

const USAGE_ERROR = 2;

/** Adds `fairlead build` to the command line: a Dockerfile to an image, without a daemon. */
export function registerBuild(program: Command): void {
  const { env } = process;
  const progress = new Option('--progress <how>', 'how progress is shown').choices([
    'auto',
    'plain',
    'tty',
    'quiet',
    'rawjson',
  ]);
  const network = new Option('--network <mode>', 'network of RUN').choices(['default', 'none', 'host']);
  program
    .command('build')
    .description('build an image from a Dockerfile, without a daemon')
    .argument('[context]', 'directory of the build context', '.')
    .option('-f, --file <path>', 'the Dockerfile, - for the standard input (default: CONTEXT/Dockerfile)')
    .option('-t, --tag <name>', 'name of the image; may be repeated', tag)
    .option('--build-arg <name=value>', 'value of an ARG; may be repeated', pairsFrom(env))
    .option('--build-context <name=what>', 'directory or docker-image:// to take from', buildContext)
    .option('--target <stage>', 'stage to build (default: the last one)')
    .option('--platform <os/arch,…>', 'what the image is for; several make an index', platforms)
    .option('--label <name=value>', 'label of the image; may be repeated', label)
    .option('--annotation <name=value>', 'annotation of the manifest, index:… of the index', annotation)
    .option(
      '--secret <id=name,src=path>',
      'secret for RUN --mount; src=FILE or env=VARIABLE',
      secretsFrom(env),
    )
    .option('--ssh <default|id=socket>', 'SSH agent for RUN --mount', sshFrom(env))
    .addOption(network)
    .option('--allow <privilege>', 'what RUN may ask for: network.host, security.insecure', privilege)
    .option('--no-cache', 'do every step again')
    .option('--cache-from <ref>', 'type=registry,ref=NAME: a cache to read; may be repeated', cacheReference)
    .option('--cache-to <ref>', 'type=registry,ref=NAME: where to keep the cache', cacheReference)
    .option('--check', 'tell what is probably not meant in the Dockerfile, and build nothing')
    .option('-o, --output <what>', 'type=oci|docker|local|tar,dest=PATH or registry; may be repeated', output)
    .option('--push', 'publish it under its names, as --output registry')
    .addOption(new Option('--load').hideHelp())
    // Scripts for docker build have these: bases are always asked for, no container stays, and there are no attestations.
    .addOption(new Option('--pull').hideHelp())
    .addOption(new Option('--rm').hideHelp())
    .addOption(new Option('--force-rm').hideHelp())
    .addOption(new Option('--provenance <what>').hideHelp())
    .addOption(new Option('--sbom <what>').hideHelp())
    .option('--metadata-file <path>', 'write the digests as JSON, as buildx does')
    .option('--iidfile <path>', 'write the digest to a file')
    .option('--cache-dir <path>', 'what is kept between builds (default: ~/.cache/fairlead)')
    .addOption(progress.default('auto'))
    .option('-q, --quiet', 'print the digest alone')
    .showHelpAfterError(false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))
    .action(async (context: string, flags: BuildFlags, command: Command) => {
      const problem = whyNotContext(context) ?? whyNot(flags);
      if (problem !== undefined) command.error(`error: ${problem}`);
      const code = await (flags.check === true ? runCheck(context, flags) : runBuild(context, flags));
      // What is still compressed or downloaded is for nobody any more.
      if (code !== 0) process.exit(code);
    });
}

function whyNot(flags: BuildFlags): string | undefined {
  if (flags.load === true)
    return '--load needs a daemon; write --output type=docker,dest=- and pipe it into docker load';
  for (const name of ['provenance', 'sbom'] as const)
    if (flags[name] !== undefined && flags[name] !== 'false')
      return `--${name} is not written; leave it out, or write --${name}=false`;
  if ((flags.cacheTo?.length ?? 0) > 1) return 'a cache is kept in one place: give --cache-to once';
  return whyNotOutputs(outputsOf(flags), flags.tag ?? [], {
    platforms: flags.platform?.length ?? 1,
    isTerminal: process.stdout.isTTY === true,
  });
}

function whyNotContext(context: string): string | undefined {
  if (context === '-') return 'a context is not read from the standard input: name its directory';
  const isRemote = /^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(context);
  return isRemote ? `${context} is not fetched: clone it, and name the directory` : undefined;
}
