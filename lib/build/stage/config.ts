import { heredocWord } from '../../dockerfile/heredoc.ts';
import type { Command, HealthcheckInstruction, Heredoc, Instruction } from '../../dockerfile/types.ts';
import type { RunConfig } from '../../image/types.ts';

/** What RUN, CMD and ENTRYPOINT in shell form are given to, unless SHELL says otherwise. */
export const DEFAULT_SHELL = ['/bin/sh', '-c'];

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The configuration that `FROM scratch` begins with (BuildKit, dockerfile2llb `emptyImage`). */
export function scratchConfig(): RunConfig {
  return { Env: [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' };
}

/**
 * The configuration that a stage begins with, from that of its base: the base's ONBUILD was for this stage, and PATH
 * is always set (BuildKit, dockerfile2llb `toDispatchState`).
 */
export function beginningConfig({ OnBuild: _, ...config }: RunConfig): RunConfig {
  const { Env = [], WorkingDir } = config;
  const hasPath = Env.some((entry) => entry.startsWith('PATH='));
  return {
    ...config,
    Env: hasPath ? Env : [...Env, `PATH=${DEFAULT_PATH}`],
    ...(WorkingDir ? { WorkingDir: within('/', WorkingDir) } : {}),
  };
}

/** What an instruction needs to know beyond the configuration that it changes. */
export interface ConfigInput {
  config: RunConfig;
  /** Expands one word of the instruction. */
  expand: (word: string) => string;
  /** Expands one word, and splits what comes of it at blanks that are not quoted. */
  words: (word: string) => string[];
  /** Whether CMD was there before in this stage: else ENTRYPOINT drops the base's. */
  hasCmd: boolean;
}

/** The configuration after `instruction`. COPY, RUN and ARG do not change it. Throws ConfigProblem. */
export function configure(instruction: Instruction, input: ConfigInput): RunConfig {
  const { config, expand } = input;
  switch (instruction.keyword) {
    case 'ENV':
      return { ...config, Env: withVariables(config.Env, expandPairs(instruction.pairs, expand)) };
    case 'LABEL': {
      const pairs = instruction.pairs.map(([name, value]) => [expand(name), expand(value)]);
      return { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs) } };
    }
    case 'CMD':
      return { ...config, Cmd: argvOf(instruction.command, config), ArgsEscaped: true };
    case 'ENTRYPOINT':
      return withEntrypoint(argvOf(instruction.command, config), input);
    case 'WORKDIR':
      return { ...config, WorkingDir: within(config.WorkingDir, expand(instruction.path)) };
    case 'USER':
      return { ...config, User: expand(instruction.user) };
    case 'EXPOSE': {
      const ports = instruction.ports.flatMap(input.words).flatMap(portsOf);
      return { ...config, ExposedPorts: { ...config.ExposedPorts, ...keys(ports) } };
    }
    case 'VOLUME':
      return {
        ...config,
        Volumes: { ...config.Volumes, ...keys(instruction.paths.map(expand).map(volume)) },
      };
    case 'STOPSIGNAL':
      return { ...config, StopSignal: signalOf(expand(instruction.signal)) };
    case 'SHELL':
      return { ...config, Shell: instruction.argv };
    case 'HEALTHCHECK':
      return { ...config, Healthcheck: healthcheck(instruction) };
    case 'ONBUILD':
      return { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.trigger] };
    default:
      return config;
  }
}

/** An empty one takes the base's away; and the base's CMD was for the base's ENTRYPOINT. */
function withEntrypoint(argv: string[], { config, hasCmd }: ConfigInput): RunConfig {
  const { Cmd, Entrypoint: _, ...others } = config;
  const kept = hasCmd && Cmd !== undefined ? { Cmd } : {};
  return { ...others, ...kept, ...(argv.length === 0 ? {} : { Entrypoint: argv }) };
}

/** A value in the Dockerfile that cannot go into an image's configuration; the caller adds the line. */
export class ConfigProblem extends Error {}

function expandPairs(pairs: [string, string][], expand: (word: string) => string): [string, string][] {
  return pairs.map(([name, value]) => [expand(name), expand(value)]);
}

/** Sets variables in a list of `NAME=value`, in place where the name is there already. */
function withVariables(list: string[] = [], pairs: Iterable<[string, string]>): string[] {
  const env = [...list];
  for (const [name, value] of pairs) {
    const index = env.findIndex((entry) => entry.startsWith(`${name}=`));
    if (index < 0) env.push(`${name}=${value}`);
    else env[index] = `${name}=${value}`;
  }
  return env;
}

/** `path` seen from the working directory: absolute and without `.` and `..`. */
export function within(workdir: string | undefined, path: string): string {
  const names: string[] = [];
  const whole = path.startsWith('/') ? path : `${workdir || '/'}/${path}`;
  for (const name of whole.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

/** The argument vector of a command: a script goes to the shell. */
export function argvOf(command: Command, { Shell }: RunConfig): string[] {
  if (command.form === 'exec') return command.argv;
  const program = inlineProgram(command);
  return program === undefined ? [...(Shell ?? DEFAULT_SHELL), scriptOf(command)] : [program.path];
}

/**
 * The program that a RUN is itself, when it is one here-document that begins with `#!`: it has to be at this path,
 * with mode 755, while the RUN runs (BuildKit, `dispatchRun`).
 */
export function inlineProgram(command: Command): { path: string; content: string } | undefined {
  const only = onlyHeredoc(command);
  if (!only?.content.startsWith('#!')) return undefined;
  return { path: `/dev/pipes/${only.name}`, content: only.content };
}

// A lone here-document is the script, so that it works with any shell; among other words it is for the shell to read.
function scriptOf(command: Command & { form: 'shell' }): string {
  const { script, heredocs = [] } = command;
  const inlined = heredocs.map(({ name, content }) => `\n${content}${name}`).join('');
  return onlyHeredoc(command)?.content ?? script + inlined;
}

function onlyHeredoc(command: Command): Heredoc | undefined {
  if (command.form === 'exec' || command.heredocs?.length !== 1) return undefined;
  return heredocWord(command.script) === undefined ? undefined : command.heredocs[0];
}

function keys(names: string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function volume(path: string): string {
  if (path !== '') return path;
  throw new ConfigProblem('the path of a volume is empty');
}

const MOST_PORTS = 65_535;
const PORTS = /^(?:[\d.:[\]a-f]*:)?(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i;

// An address or port of the host may stand in front; images know nothing of hosts (go-connections, `nat.ParsePortSpec`).
function portsOf(text: string): string[] {
  const parts = PORTS.exec(text);
  const first = Number(parts?.[1]);
  const last = Number(parts?.[2] ?? first);
  if (parts === null || last > MOST_PORTS || last < first) {
    throw new ConfigProblem(`${JSON.stringify(text)} is not a port such as 8080, 8000-8010 or 53/udp`);
  }
  const protocol = (parts[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`);
}

const SIGNALS =
  /^(SIG)?(HUP|INT|QUIT|ILL|TRAP|ABRT|IOT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CLD|CONT|STOP|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|POLL|PWR|SYS|RTMIN([+](1[0-5]|[1-9]))?|RTMAX(-(1[0-4]|[1-9]))?)$/i;

function signalOf(text: string): string {
  const isNumber = /^\d+$/.test(text) && Number(text) >= 1;
  if (isNumber || SIGNALS.test(text)) return text;
  throw new ConfigProblem(`${JSON.stringify(text)} is not a signal such as SIGTERM or 15`);
}

function healthcheck(instruction: HealthcheckInstruction): RunConfig['Healthcheck'] {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction;
  if (command === 'none') return { Test: ['NONE'] };
  const Test = command.form === 'exec' ? ['CMD', ...command.argv] : ['CMD-SHELL', command.script];
  const options = {
    Interval: interval,
    Timeout: timeout,
    StartPeriod: startPeriod,
    StartInterval: startInterval,
    Retries: retries,
  };
  // 0 is what the engine takes for the image's own, and is not written (moby, `HealthConfig`: omitempty).
  return { Test, ...Object.fromEntries(Object.entries(options).filter(([, value]) => value)) };
}
