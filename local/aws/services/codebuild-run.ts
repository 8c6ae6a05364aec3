import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parse } from 'yaml';

/** The phases of a buildspec, in their order (AWS CodeBuild User Guide, "Build phase transitions"). */
const PHASES = ['install', 'pre_build', 'build', 'post_build'] as const;
type PhaseName = (typeof PHASES)[number];

interface Buildspec {
  env?: { 'exported-variables'?: string[] };
  phases?: Partial<Record<PhaseName, { commands?: string[] }>>;
}

export interface RunEvents {
  line(text: string): void;
  began(phase: PhaseName): void;
  ended(phase: PhaseName, status: number): void;
}

/** A buildspec that is carried out, as in a build container: one shell runs every command. */
export interface Run {
  /** The exported variables, whatever became of the build. */
  ended: Promise<Record<string, string>>;
  /** Ends every process of it. */
  stop(): void;
}

/** Carries out `buildspec` with /bin/bash in an empty folder of its own, which is also its home. */
export async function runBuildspec(
  buildspec: string,
  environment: Record<string, string>,
  events: RunEvents,
): Promise<Run> {
  const spec = parse(buildspec) as Buildspec;
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-codebuild-'));
  const [source, home] = [join(folder, 'src'), join(folder, 'home')];
  await Promise.all([mkdir(source), mkdir(home)]);
  const script = join(folder, 'run.sh');
  await writeFile(script, await driver(spec, folder));
  const child = spawn('/bin/bash', [script], {
    cwd: source,
    env: { HOME: home, DOCKER_CONFIG: join(home, '.docker'), CODEBUILD_SRC_DIR: source, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Ended as a group: the processes of a command too.
    detached: true,
  });
  const ended = follow(child, events).finally(() => rm(folder, { recursive: true, force: true }));
  return { ended, stop: () => stop(child) };
}

/** What build machines have knows of itself where a service is; that of this machine may be older. */
const AWS_CLI = `aws() {
  command aws \${AWS_ENDPOINT_URL_DYNAMODB:+--endpoint-url "$AWS_ENDPOINT_URL_DYNAMODB"} "$@"
}`;

/**
 * A script that runs the commands one after another and tells on descriptor 3 where it is. A command's status is looked
 * at afterwards: within a condition, bash would overlook `set -e` in it.
 */
async function driver({ phases = {}, env }: Buildspec, folder: string): Promise<string> {
  const parts = ['failed=0', AWS_CLI];
  for (const phase of PHASES) {
    const { commands = [] } = phases[phase] ?? {};
    if (commands.length === 0) continue;
    // A failed build still has its post_build, a failed phase before it does not.
    const wanted = phase === 'post_build' ? '[ "$failed" != before ]' : '[ "$failed" = 0 ]';
    parts.push(`if ${wanted}; then printf 'began ${phase}\\n' >&3; status=0; fi`);
    for (const [index, command] of commands.entries()) {
      const file = join(folder, `${phase}-${index}`);
      await writeFile(file, command);
      parts.push(
        `if ${wanted} && [ "$status" = 0 ]; then`,
        `  echo "[Container] Running command ${phase} ${index + 1}"`,
        `  . '${file}'`,
        '  status=$?',
        'fi',
      );
    }
    const after = phase === 'build' ? '1' : 'before';
    parts.push(
      `if ${wanted}; then`,
      `  printf 'ended ${phase} %s\\n' "$status" >&3`,
      `  [ "$status" = 0 ] || failed=${after}`,
      'fi',
    );
  }
  for (const name of env?.['exported-variables'] ?? [])
    parts.push(`printf 'exported ${name} %s\\n' "$(printf %s "\${${name}:-}" | base64 --wrap 0)" >&3`);
  return `${parts.join('\n')}\n`;
}

async function follow(child: ChildProcess, events: RunEvents): Promise<Record<string, string>> {
  const exported: Record<string, string> = {};
  const [, out, err, told] = child.stdio as unknown as [null, Readable, Readable, Readable];
  for (const stream of [out, err]) createInterface({ input: stream }).on('line', (text) => events.line(text));
  createInterface({ input: told }).on('line', (line) => {
    const [what, name = '', value = ''] = line.split(' ');
    if (what === 'began') events.began(name as PhaseName);
    if (what === 'ended') events.ended(name as PhaseName, Number(value));
    if (what === 'exported') exported[name] = Buffer.from(value, 'base64').toString('utf8');
  });
  await once(child, 'close');
  return exported;
}

function stop(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
