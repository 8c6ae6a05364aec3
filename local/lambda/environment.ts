import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eachLine } from './lines.ts';
import { removeFolder } from './remove-folder.ts';
import { RuntimeApi } from './runtime-api.ts';
import { type FunctionSpec, failure, type Invocation, type Outcome } from './types.ts';

/** What an execution environment needs from the local cloud. */
export interface Host {
  /** The Node.js binary that functions run on. */
  node: string;
  /** Folder for the environment's own files, its /tmp among them. */
  stateDir: string;
  /** The environment's variables, all of them but TMPDIR and the Runtime API's address. */
  variables: Readonly<Record<string, string>>;
  onLine(line: string, requestId: string | undefined): void;
  /** The process is gone: nothing more will be invoked in here. */
  onEnded(): void;
}

interface Running {
  invocation: Invocation;
  settle(outcome: Outcome): void;
  timer: NodeJS.Timeout;
  /** What the handler answered; the invocation is over when the runtime asks for the next one. */
  answer?: Outcome;
}

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
// V8 needs room outside its old space; Lambda's own runtime leaves about as much.
const HEAP_SHARE = 0.9;
/** What AWS gives a function to load, before its own time-out counts. */
const INIT_MS = 10_000;

/** Where environments keep their files; none of them is needed any more when the local cloud starts. */
export const environmentsFolder = (stateDir: string) => join(stateDir, 'environments');

/** One execution environment: a process of the function, which takes one invocation at a time. */
export class Environment {
  readonly #spec: FunctionSpec;
  readonly #host: Host;
  readonly #folder: string;
  readonly #ended = Promise.withResolvers<void>();
  #api: RuntimeApi | undefined;
  #child: ChildProcess | undefined;
  #running: Running | undefined;
  #over = false;

  constructor(spec: FunctionSpec, host: Host) {
    this.#spec = spec;
    this.#host = host;
    this.#folder = join(environmentsFolder(host.stateDir), `${spec.name}-${randomUUID()}`);
  }

  /** Whether nothing more can be invoked in here. */
  get over(): boolean {
    return this.#over;
  }

  /** Runs the handler once; the first time this starts the process. Must not be called while it runs. */
  async invoke(invocation: Invocation): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const limit = this.#spec.timeout * 1000 + INIT_MS;
    this.#running = { invocation, settle: resolve, timer: setTimeout(() => this.#timeOut(), limit) };
    this.#api ??= await this.#start();
    this.#api.give(invocation);
    const outcome = await promise;
    // Lets what the handler logged before its answer be read before the answer is passed on.
    await setImmediate();
    return outcome;
  }

  /** Ends the process and all that it started, and removes its files. */
  async end(): Promise<void> {
    this.#kill();
    if (this.#child === undefined) return;
    await this.#ended.promise;
  }

  async #start(): Promise<RuntimeApi> {
    const api = await RuntimeApi.start({
      onNext: () => {
        if (this.#running?.answer !== undefined) this.#settle(this.#running.answer);
      },
      onTaken: (invocation) => this.#taken(invocation),
      onResponse: (id, body) =>
        this.#answered(id, body === undefined ? TOO_LARGE : { ok: true, payload: body }),
      onError: (id, body) => this.#answered(id, errorOutcome(body)),
      onInitError: (body) => this.#answered(this.#running?.invocation.requestId, errorOutcome(body)),
    });
    const tmp = join(this.#folder, 'tmp');
    mkdirSync(tmp, { recursive: true });
    const heap = Math.floor(this.#spec.memory * HEAP_SHARE);
    const compiled = join(this.#host.stateDir, 'compiled');
    const child = spawn(this.#host.node, [`--max-old-space-size=${heap}`, BOOTSTRAP, compiled], {
      cwd: this.#spec.directory,
      env: { ...this.#host.variables, TMPDIR: tmp, AWS_LAMBDA_RUNTIME_API: api.address },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own, so that what the handler starts ends with it.
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      eachLine(stream, (line) => this.#host.onLine(line, this.#running?.invocation.requestId));
    child.on('error', (error) => this.#exited(`${this.#host.node} did not start: ${error.message}`));
    child.on('exit', (code, signal) => this.#exited(exitReason(code, signal)));
    if (this.#over) this.#kill();
    return api;
  }

  #taken(invocation: Invocation): number {
    const ms = this.#spec.timeout * 1000;
    const running = this.#running;
    if (running?.invocation === invocation) {
      clearTimeout(running.timer);
      running.timer = setTimeout(() => this.#timeOut(), ms);
    }
    return Date.now() + ms;
  }

  #timeOut(): void {
    const requestId = this.#running?.invocation.requestId;
    const after = this.#spec.timeout.toFixed(2);
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${after} seconds`;
    this.#host.onLine(errorMessage, requestId);
    this.#kill();
    this.#settle(failure({ errorType: 'Sandbox.Timedout', errorMessage }));
  }

  async #exited(reason: string): Promise<void> {
    this.#over = true;
    // What the handler started ends with it.
    this.#killGroup();
    const requestId = this.#running?.invocation.requestId;
    const errorMessage = `RequestId: ${requestId} Error: ${reason}`;
    // What the runtime posted and logged just before it went is read first: it says more than an exit code.
    await setImmediate();
    const answer = this.#running?.answer;
    if (this.#running !== undefined && answer === undefined) this.#host.onLine(errorMessage, requestId);
    this.#settle(answer ?? failure({ errorType: 'Runtime.ExitError', errorMessage }));
    this.#host.onEnded();
    await this.#api?.close();
    await removeFolder(this.#folder);
    this.#ended.resolve();
  }

  #answered(requestId: string | undefined, outcome: Outcome): void {
    if (this.#running?.invocation.requestId === requestId && this.#running !== undefined)
      this.#running.answer ??= outcome;
  }

  #settle(outcome: Outcome): void {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.timer);
    running?.settle(outcome);
  }

  #kill(): void {
    this.#over = true;
    const { exitCode, signalCode } = this.#child ?? {};
    // Once it is gone the kernel may give its number to somebody else.
    if (exitCode === null && signalCode === null) this.#killGroup();
  }

  #killGroup(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
}

function errorOutcome(body: Buffer): Outcome {
  const { errorType = 'Error' } = JSON.parse(body.toString('utf8')) as { errorType?: string };
  return { ok: false, payload: body, errorType };
}

const TOO_LARGE = failure({
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
});

function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `Runtime exited with error: signal: ${signal}`;
  return code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${code}`;
}
