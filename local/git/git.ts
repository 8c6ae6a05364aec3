import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Runs with the refs that git accepted on its standard input, one `<before> <after> <ref>` a line. It hands them to
 * the server through file descriptor 3, which ends the list with an empty line, and relays what the server says on
 * file descriptor 4 to the one who pushes. No interpreter to start: the time to the first word counts.
 */
const POST_RECEIVE = '#!/bin/sh\ncat >&3\necho >&3\nexec cat <&4\n';

/** Bytes of output of one git command that are taken at most. */
const LARGEST_OUTPUT = 256 * 1024 * 1024;

/** The git program, cut off from the configuration and the repository of whoever started the server. */
export class Git {
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  start(args: string[], options: SpawnOptions): ChildProcess {
    return spawn('git', args, { ...options, env: { ...this.#environment, ...options.env } });
  }

  /** Standard output of `git <args>` in `directory`, or `undefined` where git said no. */
  output(directory: string, args: string[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      const options = { cwd: directory, env: this.#environment, maxBuffer: LARGEST_OUTPUT };
      execFile('git', args, options, (error, stdout) => resolve(error === null ? stdout : undefined));
    });
  }
}

/** Writes the configuration and the hooks that every git process here runs with, and nothing else. */
export async function prepareGit(stateDir: string, inherited: NodeJS.ProcessEnv): Promise<Git> {
  const hooks = join(stateDir, 'hooks');
  const config = join(stateDir, 'gitconfig');
  await mkdir(hooks, { recursive: true });
  await writeFile(join(hooks, 'post-receive'), POST_RECEIVE, { mode: 0o755 });
  await writeFile(config, configuration(hooks));
  const own = Object.entries(inherited).filter(([name]) => !name.startsWith('GIT_'));
  return new Git({
    ...Object.fromEntries(own),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  });
}

/**
 * `safe.directory` is only heeded in a file, not on the command line of every git. Housekeeping would hold up a push
 * and keep the hook's descriptors open. Files above the threshold are streamed instead of held in memory. Whoever deletes
 * main is told by the pipeline what comes of it, which is more than git's refusal says. The refs of pull requests are the
 * host's own to move.
 */
function configuration(hooks: string): string {
  return `[safe]
	directory = *
[core]
	hooksPath = "${hooks.replace(/[\\"]/g, '\\$&')}"
	bigFileThreshold = 16m
[init]
	defaultBranch = main
[receive]
	maxInputSize = 2g
	autoGC = false
	advertisePushOptions = true
	denyDeleteCurrent = ignore
	hideRefs = refs/pull
[gc]
	auto = 0
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
`;
}
