import { expand, type Lookup } from '../expand.ts';
import { didYouMean } from '../faults.ts';
import type { Dockerfile, Stage } from '../types.ts';
import { namesIn } from './names.ts';
import type { Check, Warning } from './warning.ts';

/** What FROM sees without an ARG, with values that are as good as any for a check. */
const BUILTIN: Readonly<Record<string, string>> = {
  BUILDPLATFORM: 'linux/amd64',
  BUILDOS: 'linux',
  BUILDARCH: 'amd64',
  BUILDVARIANT: '',
  TARGETPLATFORM: 'linux/amd64',
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
  TARGETVARIANT: '',
  TARGETSTAGE: 'default',
};

/** FROM sees the ARGs before the first FROM; another variable is empty. */
export const checkFromVariables: Check = (dockerfile) => {
  const declared = dockerfile.globals.flatMap(({ args }) => args.map(({ name }) => name));
  const known = [...declared, ...Object.keys(BUILTIN)];
  return dockerfile.stages.flatMap(({ from }) => {
    const names = namesIn([from.image, from.platform ?? ''], dockerfile, from.line);
    return names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        rule: 'UndefinedArgInFrom',
        line: from.line,
        message: `no ARG before the first FROM declares $${name}, so that it is empty${didYouMean(name, known)}`,
      }));
  });
};

/** Without a default, the build works only for who passes the build arg. */
export const checkFromDefaults: Check = (dockerfile) => {
  const values = defaultsOf(dockerfile);
  if (values === undefined) return [];
  return dockerfile.stages.flatMap(({ from }) => {
    const image = expanded(from.image, values, dockerfile, from.line);
    if (!from.image.includes('$') || image === undefined || isReference(image)) return [];
    const message = `without build args, FROM ${from.image} is ${JSON.stringify(image)}: give its ARG a default`;
    return [{ rule: 'InvalidDefaultArgInFrom', line: from.line, message }];
  });
};

export const checkFromPlatforms: Check = (dockerfile) => dockerfile.stages.flatMap(ofPlatform);

function ofPlatform({ from, name = '' }: Stage): Warning[] {
  const { platform = '', line } = from;
  if (/^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform)) {
    const message = `--platform=${platform} can be left out: a stage is for that platform anyway`;
    return [{ rule: 'RedundantTargetPlatform', line, message }];
  }
  const [os = '', architecture = os] = platform.split('/');
  const isMeant = name.includes(os) || name.includes(architecture);
  if (os === '' || platform.includes('$') || isMeant) return [];
  const message = `--platform=${platform} holds for every build, also for other platforms; take $BUILDPLATFORM, or name the stage for it`;
  return [{ rule: 'FromPlatformFlagConstDisallowed', line, message }];
}

function defaultsOf(dockerfile: Dockerfile): Map<string, string> | undefined {
  const values = new Map(Object.entries(BUILTIN));
  for (const { args, line } of dockerfile.globals) {
    for (const { name, value } of args) {
      if (value === undefined) continue;
      const text = expanded(value, values, dockerfile, line);
      if (text === undefined) return undefined;
      values.set(name, text);
    }
  }
  return values;
}

// What cannot be expanded is told as an error when it is needed.
function expanded(
  text: string,
  values: ReadonlyMap<string, string>,
  { name: file, escapeChar }: Dockerfile,
  line: number,
): string | undefined {
  const lookup: Lookup = (name) => values.get(name);
  try {
    return expand(text, lookup, escapeChar, { file, line });
  } catch {
    return undefined;
  }
}

/** As far as defaults spoil it: `golang:`, `golang:-alpine`, `/app`, nothing at all (distribution, reference grammar). */
function isReference(image: string): boolean {
  const parts = /^([^@]*?)(?::([\w][\w.-]{0,127}))?(?:@\w+:[0-9a-f]{32,})?$/.exec(image);
  const [host = '', ...path] = parts?.[1]?.split('/') ?? [];
  const isName = (name: string) => /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/.test(name);
  return (path.length > 0 ? /^[\w.-]+(?::\d+)?$/.test(host) : isName(host)) && path.every(isName);
}
