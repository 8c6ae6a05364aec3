import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What the runtime is told of a container. Paths are relative to the state directory. Go: `containerSpec`. */
export interface ContainerSpec {
  /** Unpacked layers, the topmost first. */
  layers: string[];
  /** A directory of this run of the container only. */
  scratch: string;
  readOnly: boolean;
  mounts: { source: string; target: string; readOnly: boolean }[];
  args: string[];
  env: string[];
  cwd: string;
  uid: number;
  gid: number;
  groups: number[];
  log: string;
}

/** How a container ended. A signal N gives the code 128 + N. */
export interface Exit {
  code: number;
  signal?: number;
}

export interface Started {
  exited: Promise<Exit>;
}

interface RuntimeEvent {
  event: 'ready' | 'started' | 'failed' | 'exited' | 'executed';
  id?: string;
  code: number;
  signal?: number;
  message?: string;
}

/** A pod's namespaces: containers can be run in them, and their ports be reached from outside. */
export class Sandbox {
  readonly #child: ChildProcess;
  readonly #socket: string;
  readonly #waiting = new Map<string, (event: RuntimeEvent) => void>();
  readonly #ended: Promise<unknown>;
  #sequence = 0;
  #isOpen = true;

  private constructor(child: ChildProcess, socket: string) {
    this.#child = child;
    this.#socket = socket;
    this.#ended = once(child, 'close').then(() => this.#abandon());
  }

  /**
   * @param state the directory that the specs' paths are relative to
   * @param socket path in it at which the pod's ports can be reached
   */
  static async open(
    binary: string,
    state: string,
    pod: { socket: string; socketFromHere: string; address: string; hostname: string },
  ): Promise<Sandbox> {
    const child = spawn(binary, ['pod', state, pod.socket, pod.address, pod.hostname], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is for the one who started all this; the pod ends with its stdin
    });
    let complaint = '';
    child.stderr?.on('data', (text) => {
      complaint = `${complaint}${text}`.slice(-2_000);
    });
    child.stdin?.on('error', () => {});
    const sandbox = new Sandbox(child, pod.socketFromHere);
    const ready = new Promise<RuntimeEvent>((resolve) => sandbox.#waiting.set('ready', resolve));
    child.on('error', () => {});
    if (child.stdout) createInterface(child.stdout).on('line', (line) => sandbox.#hear(line));
    const { event } = await ready;
    if (event === 'failed') throw new Error(`failed to create pod sandbox: ${complaint.trim()}`);
    return sandbox;
  }

  /** Whether its first process lives. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @throws Error in runc's words when the program cannot be started */
  async start(id: string, spec: ContainerSpec): Promise<Started> {
    const { promise: exited, resolve } = Promise.withResolvers<Exit>();
    // Listens from the start: a short-lived program's end comes with the news of its start.
    this.#waiting.set(exitOf(id), ({ event, code, signal }) =>
      resolve(
        event === 'exited' ? { code, ...(signal !== undefined && { signal }) } : { code: 137, signal: 9 },
      ),
    );
    const event = await this.#ask(id, { do: 'start', id, spec });
    if (event.event === 'started') return { exited };
    this.#waiting.delete(exitOf(id));
    throw new Error(event.message ?? 'the pod sandbox is gone');
  }

  signal(id: string, signal: 'SIGTERM' | 'SIGKILL' | number): void {
    const number = signal === 'SIGTERM' ? 15 : signal === 'SIGKILL' ? 9 : signal;
    this.#say({ do: 'signal', id, signal: number });
  }

  /** Runs a command in a running container. Code -1: it could not be run; -2: it did not end in time. */
  async execute(
    container: string,
    args: string[],
    timeoutMs: number,
  ): Promise<{ code: number; output: string }> {
    const id = `exec-${this.#sequence++}`;
    const event = await this.#ask(id, { do: 'exec', id, container, args, timeoutMs });
    if (event.event === 'failed') return { code: -1, output: 'the pod sandbox is gone' };
    return { code: event.code, output: event.message ?? '' };
  }

  /**
   * Connects to a port inside the pod.
   * @throws Error with `code` ECONNREFUSED, ETIMEDOUT or another errno
   */
  async dial(port: number): Promise<Socket> {
    const socket = connect({ path: this.#socket, allowHalfOpen: true });
    socket.on('error', () => {});
    socket.write(`${port}\n`);
    const answer = await readLine(socket);
    if (answer === 'connected') return socket;
    socket.destroy();
    throw Object.assign(new Error(`connect ${answer}`), { code: answer });
  }

  /** Ends every process in it. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 2_000);
    await this.#ended;
    clearTimeout(late);
  }

  #hear(line: string): void {
    const event = JSON.parse(line) as RuntimeEvent;
    const id = event.event === 'ready' ? 'ready' : (event.id ?? '');
    const key = event.event === 'exited' ? exitOf(id) : id;
    const listener = this.#waiting.get(key);
    this.#waiting.delete(key);
    listener?.(event);
  }

  #ask(id: string, command: object): Promise<RuntimeEvent> {
    if (!this.#isOpen) return Promise.resolve({ event: 'failed', code: -1 });
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#say(command);
    });
  }

  #say(command: object): void {
    if (this.#isOpen) this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  #abandon(): void {
    this.#isOpen = false;
    for (const listener of this.#waiting.values()) listener({ event: 'failed', code: 137 });
    this.#waiting.clear();
  }
}

function exitOf(id: string): string {
  return `exit of ${id}`;
}

/** Reads the answer's one line; what follows it stays in the socket. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (answer: string) => {
      socket.off('readable', read);
      socket.off('close', lost);
      resolve(answer);
    };
    const lost = () => finish('ECONNRESET');
    const read = () => {
      for (let byte = socket.read(1); byte !== null; byte = socket.read(1)) {
        if (byte[0] === 10) return finish(text);
        text += byte.toString('latin1');
      }
    };
    socket.on('readable', read);
    socket.once('close', lost);
  });
}
