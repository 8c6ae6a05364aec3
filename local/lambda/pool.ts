import { Environment, type Host } from './environment.ts';
import type { FunctionSpec, Invocation, Outcome } from './types.ts';

/** The execution environments of one function: warm ones are used again, idle ones are ended. */
export class Pool {
  readonly spec: FunctionSpec;
  readonly #hostFor: () => Omit<Host, 'onEnded'>;
  readonly #idleMs: number;
  readonly #all = new Set<Environment>();
  readonly #idle = new Map<Environment, NodeJS.Timeout>();

  constructor(spec: FunctionSpec, hostFor: () => Omit<Host, 'onEnded'>, idleMs: number) {
    this.spec = spec;
    this.#hostFor = hostFor;
    this.#idleMs = idleMs;
  }

  /** How many environments there are, busy or idle. */
  get size(): number {
    return this.#all.size;
  }

  /** Runs the handler once, in an environment that does nothing else meanwhile. */
  async run(invocation: Invocation): Promise<Outcome> {
    const environment = this.#takeIdle() ?? this.#create();
    try {
      return await environment.invoke(invocation);
    } finally {
      if (!environment.over) this.#rest(environment);
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    await Promise.all([...this.#all].map((environment) => environment.end()));
  }

  // The one that was used last, so that those that are not needed any more stay idle and end.
  #takeIdle(): Environment | undefined {
    const [environment] = [...this.#idle.keys()].slice(-1);
    if (environment === undefined) return undefined;
    clearTimeout(this.#idle.get(environment));
    this.#idle.delete(environment);
    return environment;
  }

  #create(): Environment {
    const environment = new Environment(this.spec, {
      ...this.#hostFor(),
      onEnded: () => {
        clearTimeout(this.#idle.get(environment));
        this.#idle.delete(environment);
        this.#all.delete(environment);
      },
    });
    this.#all.add(environment);
    return environment;
  }

  #rest(environment: Environment): void {
    const end = () => {
      this.#idle.delete(environment);
      void environment.end();
    };
    this.#idle.set(environment, setTimeout(end, this.#idleMs));
  }
}
