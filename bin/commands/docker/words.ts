import { FairleadError } from '../../../lib/errors.ts';

/** What the CDK asks of docker while it publishes container assets, understood. */
export type DockerCall = { config?: string } & (
  | { does: 'build'; args: readonly string[]; names: readonly string[] }
  | { does: 'inspect'; name: string }
  | { does: 'tag'; source: string; target: string }
  | { does: 'push'; name: string }
  | { does: 'pull'; name: string }
  | { does: 'login'; username: string; host: string }
  | { does: 'images'; tag: string }
  | { does: 'version' }
);

/**
 * Reads the words after `docker`. The grammar is that of the CDK's publisher (@aws-cdk/cdk-assets-lib, private/docker.ts),
 * and no more. Throws `docker/not-understood`.
 */
export function parseWords(words: readonly string[]): DockerCall {
  const [flag, config, ...rest] = words;
  if (flag === '--config' && config !== undefined) return { ...parseWords(rest), config };
  const [command, ...args] = words;
  const parse = command === undefined ? undefined : PARSERS[command];
  const call = parse?.(args);
  if (call !== undefined) return call;
  throw notUnderstood(command ?? '', args);
}

const PARSERS: Record<string, (args: readonly string[]) => DockerCall | undefined> = {
  build: (args) => {
    const names = valuesOf(['--tag', '-t'], args);
    return names.length === 0 ? undefined : { does: 'build', args, names };
  },
  inspect: ([name, ...more]) => (isName(name) && more.length === 0 ? { does: 'inspect', name } : undefined),
  tag: ([source, target, ...more]) =>
    isName(source) && isName(target) && more.length === 0 ? { does: 'tag', source, target } : undefined,
  push: ([name, ...more]) => (isName(name) && more.length === 0 ? { does: 'push', name } : undefined),
  pull: ([name, ...more]) => (isName(name) && more.length === 0 ? { does: 'pull', name } : undefined),
  login: (args) => {
    const [username] = valuesOf(['--username', '-u'], args);
    const host = args.at(-1);
    const isFromStdin = args.includes('--password-stdin');
    if (username === undefined || !isName(host) || !isFromStdin || args.length !== 4) return undefined;
    return { does: 'login', username, host: host.replace(/^https?:\/\//, '').replace(/\/.*$/, '') };
  },
  // The CDK looks so for an image that has a tag in whatever repository.
  images: (args) => {
    const [format] = valuesOf(['--format'], args);
    const tag = /^reference=\*\/\*:([\w.-]+)$/.exec(valuesOf(['--filter'], args)[0] ?? '')?.[1];
    return format === '{{.Repository}}:{{.Tag}}' && tag !== undefined && args.length === 4
      ? { does: 'images', tag }
      : undefined;
  },
  version: (args) => (args.length === 0 ? { does: 'version' } : undefined),
  '--version': (args) => (args.length === 0 ? { does: 'version' } : undefined),
};

function isName(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !text.startsWith('-');
}

function valuesOf(flags: readonly string[], args: readonly string[]): string[] {
  return args.flatMap((arg, at) => {
    if (flags.includes(arg)) return args[at + 1] ?? [];
    const flag = flags.find((one) => arg.startsWith(`${one}=`));
    return flag === undefined ? [] : arg.slice(flag.length + 1);
  });
}

// The command and the names of its flags: values may be secrets.
function notUnderstood(command: string, args: readonly string[]): FairleadError {
  const flags = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.replace(/=.*$/s, ''));
  return new FairleadError({
    code: 'docker/not-understood',
    operation: 'standing in for docker',
    cause: `no docker is here, and what stands in for it does not know \`docker ${[command, ...flags].join(' ')}\``,
    remedy: `it knows ${Object.keys(PARSERS).slice(0, 7).join(', ')}, as the CDK publishes assets by them; to use a docker that is installed: CDK_DOCKER=docker`,
  });
}
