import { randomUUID } from 'node:crypto';
import type { FunctionSpec, Outcome } from '../types.ts';
import { callbackId } from './callback-id.ts';
import { History } from './history.ts';
import { executionOperation, OperationLedger } from './ledger.ts';
import { invalid } from './operations.ts';
import type { Ending, ErrorObject, ExecutionStatus, Operation, OperationUpdate } from './types.ts';
import { failed, judge } from './verdict.ts';
import { page } from './wire.ts';

/** What an execution needs from the local cloud. */
export interface Ports {
  /** Invokes the durable function with an event. */
  invoke(event: object, requestId: string): Promise<Outcome>;
  /** Invokes another function for it. */
  chain(functionName: string, payload: string | undefined): Promise<Ending>;
  onStatus(execution: Execution): void;
}

export interface ExecutionIdentity {
  arn: string;
  /** Unique among all executions. */
  id: string;
  name: string;
  spec: FunctionSpec;
  payload: string;
}

// What setTimeout can take.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One durable execution: its operations, and the invocations that move it on until it ends. */
export class Execution {
  readonly identity: ExecutionIdentity;
  readonly history = new History();
  readonly startedAt = new Date();
  /** Settles when the execution ends, however it does. */
  readonly ended: Promise<Ending>;
  /** Whether somebody sees to what becomes of its event. */
  isAwaited = false;
  ending: Ending | undefined;
  endedAt: Date | undefined;

  readonly #ports: Ports;
  readonly #self: Operation;
  readonly #operations: OperationLedger;
  readonly #end = Promise.withResolvers<Ending>();
  readonly #deadline: number;
  #invoking = false;
  #closed = false;
  #failures = 0;
  #retryAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Good for the next checkpoint of the invocation that runs. */
  #token: string | undefined;
  #last: { token: string; updates: string; answer: object } | undefined;

  constructor(identity: ExecutionIdentity, ports: Ports) {
    this.identity = identity;
    this.ended = this.#end.promise;
    this.#ports = ports;
    this.#self = executionOperation(identity.payload, this.startedAt);
    this.#operations = new OperationLedger(this.#self, this.history);
    const seconds = identity.spec.durable?.executionTimeout ?? 0;
    this.#deadline = this.startedAt.getTime() + seconds * 1000;
    this.history.begin(this.#self, this.startedAt, seconds);
  }

  get status(): ExecutionStatus {
    return this.ending?.status ?? 'RUNNING';
  }

  /** Invokes the function until it rests or the execution ends. */
  start(): void {
    this.#ports.onStatus(this);
    this.#resume();
  }

  /** CheckpointDurableExecution. The last checkpoint once more, by a client that lost the answer, gets the same answer. */
  checkpoint(token: string, updates: readonly OperationUpdate[]): object {
    const text = JSON.stringify(updates);
    if (this.#last?.token === token && this.#last.updates === text) return this.#last.answer;
    this.#check(token);
    const now = new Date();
    this.#operations.elapse(now);
    const isOfExecution = ({ Type }: OperationUpdate) => Type === 'EXECUTION';
    const own = updates.filter((update) => !isOfExecution(update));
    this.#operations.apply(own, now, (id) => callbackId(this.identity.id, id));
    for (const update of own)
      if (update.Type === 'CHAINED_INVOKE' && update.Action === 'START') this.#chain(update);
    this.#token = randomUUID();
    const answer = {
      CheckpointToken: this.#token,
      NewExecutionState: { Operations: this.#operations.tell() },
    };
    this.#last = { token, updates: text, answer };
    const whole = updates.find(isOfExecution);
    if (whole !== undefined) this.#finish(endingBy(whole));
    this.#arm();
    return answer;
  }

  /** GetDurableExecutionState */
  state(token: string, marker: string | undefined, limit: number | undefined): object {
    this.#check(token);
    return page(this.#operations.visible(), Number(marker ?? 0), limit);
  }

  operation(id: string): Operation | undefined {
    return this.#operations.get(id);
  }

  /** Completes a callback from outside; false when that came too late. */
  settleCallback(
    id: string,
    ending: { status: 'SUCCEEDED'; result?: string } | { status: 'FAILED'; error: ErrorObject },
  ) {
    const { CallbackDetails } = this.#operations.get(id) ?? {};
    const outcome = 'error' in ending ? { Error: ending.error } : { Result: ending.result };
    return this.#settle(id, { Status: ending.status, CallbackDetails: { ...CallbackDetails, ...outcome } });
  }

  heartbeat(id: string): boolean {
    const alive = this.status === 'RUNNING' && this.#operations.heartbeat(id, new Date());
    this.#arm();
    return alive;
  }

  /** StopDurableExecution: what runs may run on, but its checkpoints are refused. */
  stop(error: ErrorObject): void {
    this.#finish({ status: 'STOPPED', error });
  }

  /** Leaves the execution where it is, for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  get #isAlive(): boolean {
    return this.status === 'RUNNING' && !this.#closed;
  }

  #check(token: string): void {
    if (token !== this.#token || this.status !== 'RUNNING') throw invalid('Invalid Checkpoint Token');
  }

  #chain({ Id = '', ChainedInvokeOptions, Payload }: OperationUpdate): void {
    void this.#ports.chain(ChainedInvokeOptions?.FunctionName ?? '', Payload).then((ending) => {
      const outcome = 'error' in ending ? { Error: ending.error } : { Result: ending.result };
      this.#settle(Id, { Status: ending.status, ChainedInvokeDetails: outcome });
    });
  }

  #settle(id: string, change: Partial<Operation>): boolean {
    const settled = this.status === 'RUNNING' && this.#operations.settle(id, new Date(), change);
    if (settled) this.#resume();
    return settled;
  }

  /** Goes on with the execution; while the function runs, it finds out by itself what has changed. */
  #resume(): void {
    if (this.#invoking || !this.#isAlive) return;
    this.#invoking = true;
    this.#retryAt = undefined;
    void this.#run()
      .catch((error: unknown) => {
        if (!this.#closed) throw error;
      })
      .finally(() => {
        this.#invoking = false;
        this.#arm();
      });
  }

  async #run(): Promise<void> {
    while (this.#isAlive) {
      const verdict = judge(await this.#invoke(), this.#failures);
      if (!this.#isAlive) return;
      this.#failures = verdict.kind === 'again' ? this.#failures + 1 : 0;
      if (verdict.kind === 'ended') return this.#finish(verdict.ending);
      if (verdict.kind === 'again' && verdict.delayMs > 0) {
        this.#retryAt = Date.now() + verdict.delayMs;
        return;
      }
      if (verdict.kind === 'again' || this.#operations.hasUntold) continue;
      if (this.#operations.hasPending) return;
      this.#finish(failed('InvalidOutput', 'Cannot return PENDING status with no pending operations.'));
    }
  }

  async #invoke(): Promise<Outcome> {
    const requestId = randomUUID();
    const start = new Date();
    this.#operations.elapse(start);
    this.#token = randomUUID();
    const outcome = await this.#ports.invoke(
      {
        DurableExecutionArn: this.identity.arn,
        CheckpointToken: this.#token,
        UpdatedOperationIds: this.#operations.tell().map(({ Id }) => Id),
        InitialExecutionState: page(this.#operations.visible(), 0),
      },
      requestId,
    );
    this.#token = undefined;
    const verdict = judge(outcome, 0);
    this.history.invocation(requestId, start, new Date(), 'error' in verdict ? verdict.error : undefined);
    return outcome;
  }

  #finish(ending: Ending): void {
    if (this.status !== 'RUNNING') return;
    this.ending = ending;
    this.endedAt = new Date();
    this.#token = undefined;
    this.history.end(this.#self, this.endedAt, ending);
    this.#arm();
    this.#ports.onStatus(this);
    this.#end.resolve(ending);
  }

  /** One timer for all that time will bring; none when there is nothing to come. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#isAlive) return;
    const due = Math.min(this.#deadline, this.#retryAt ?? Infinity, this.#operations.nextDue ?? Infinity);
    this.#timer = setTimeout(() => this.#tick(), Math.min(Math.max(0, due - Date.now()), LONGEST_TIMER_MS));
  }

  #tick(): void {
    const now = new Date();
    if (now.getTime() >= this.#deadline) this.#finish(TIMED_OUT);
    this.#operations.elapse(now);
    const isRetry = this.#retryAt !== undefined && this.#retryAt <= now.getTime();
    if (isRetry || (this.#operations.hasUntold && this.#retryAt === undefined)) this.#resume();
    this.#arm();
  }
}

const TIMED_OUT: Ending = {
  status: 'TIMED_OUT',
  error: { ErrorType: 'ExecutionTimedOut', ErrorMessage: 'Execution timed out.' },
};

function endingBy({ Action, Payload, Error: error }: OperationUpdate): Ending {
  return Action === 'SUCCEED'
    ? { status: 'SUCCEEDED', result: Payload }
    : { status: 'FAILED', error: error ?? {} };
}
