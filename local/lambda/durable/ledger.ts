import { randomUUID } from 'node:crypto';
import type { History } from './history.ts';
import { advance, dueAt, elapse, invalid, isOver, isPending } from './operations.ts';
import type { Operation, OperationUpdate, Tracked } from './types.ts';

/** What AWS allows one execution, retries of steps included. */
const MOST_OPERATIONS = 3000;

/** The operations of one execution, and which of them changed since the function was last told. */
export class OperationLedger {
  readonly #history: History;
  readonly #all = new Map<string, Tracked>();
  #untold = new Set<string>();
  #used = 0;

  /** `first` is the operation of the execution itself. */
  constructor(first: Operation, history: History) {
    this.#history = history;
    this.#all.set(first.Id ?? '', { operation: first });
  }

  get(id: string): Operation | undefined {
    return this.#all.get(id)?.operation;
  }

  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  get hasPending(): boolean {
    return [...this.#all.values()].some(({ operation }) => isPending(operation));
  }

  /** When the next change by time alone is due; undefined: there is none to come. */
  get nextDue(): number | undefined {
    const dues = [...this.#all.values()].map(dueAt).filter((due) => due !== undefined);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  /** Applies a checkpoint, whole or not at all; throws InvalidParameterValueException. Returns what was updated. */
  apply(updates: readonly OperationUpdate[], now: Date, callbackId: (operationId: string) => string): void {
    const staged = new Map<string, Tracked>();
    const steps: [Tracked, OperationUpdate][] = [];
    const see = (id: string) => staged.get(id) ?? this.#all.get(id);
    for (const update of updates) {
      const { Id: id, ParentId: parent } = update;
      if (!id) throw invalid('Operation update must have an Id.');
      if (parent && see(parent)?.operation.Type !== 'CONTEXT') throw invalid('Invalid parent operation id.');
      const next = advance(see(id), update, now);
      if (next.operation.Type === 'CALLBACK' && update.Action === 'START')
        next.operation.CallbackDetails = { CallbackId: callbackId(id) };
      staged.set(id, next);
      steps.push([next, update]);
    }
    this.#used += updates.filter(({ Action }) => Action === 'START' || Action === 'RETRY').length;
    if (this.#used > MOST_OPERATIONS)
      throw invalid(`Maximum number of operations (${MOST_OPERATIONS}) exceeded.`);
    for (const [{ operation }, update] of steps) this.#history.note(operation, now, update);
    for (const [id, tracked] of staged) this.#keep(id, tracked);
  }

  /** Changes an operation from outside of the function. False when it is over already. */
  settle(id: string, now: Date, change: Partial<Operation>): boolean {
    const tracked = this.#all.get(id);
    if (tracked === undefined || isOver(tracked.operation)) return false;
    const operation = { ...tracked.operation, ...change, EndTimestamp: now };
    this.#keep(id, { operation });
    this.#history.note(operation, now);
    return true;
  }

  /** Puts off the time-out by heartbeat. False when the operation is over already. */
  heartbeat(id: string, now: Date): boolean {
    const tracked = this.#all.get(id);
    if (tracked === undefined || isOver(tracked.operation)) return false;
    if (tracked.heartbeatSeconds !== undefined)
      tracked.heartbeatAt = now.getTime() + tracked.heartbeatSeconds * 1000;
    return true;
  }

  /** Makes the changes that time has brought. */
  elapse(now: Date): void {
    for (const [id, tracked] of this.#all) {
      const due = dueAt(tracked);
      if (due === undefined || due > now.getTime()) continue;
      const operation = elapse(tracked, now);
      this.#keep(id, { operation });
      this.#history.note(operation, now);
    }
  }

  /** The operations that changed since this was last asked. */
  tell(): Operation[] {
    const ids = [...this.#untold];
    this.#untold = new Set();
    return ids.flatMap((id) => this.get(id) ?? []);
  }

  /** What an invocation starts from: all, without the children of contexts that are over and do not replay them. */
  visible(): Operation[] {
    const hidden = new Set<string>();
    for (const [id, { operation }] of this.#all) {
      const parent = this.get(operation.ParentId ?? '');
      if (parent === undefined) continue;
      const folded = isOver(parent) && parent.ContextDetails?.ReplayChildren !== true;
      if (folded || hidden.has(parent.Id ?? '')) hidden.add(id);
    }
    return [...this.#all].flatMap(([id, { operation }]) => (hidden.has(id) ? [] : operation));
  }

  #keep(id: string, tracked: Tracked): void {
    this.#all.set(id, tracked);
    this.#untold.add(id);
  }
}

/** The operation that stands for an execution. */
export function executionOperation(payload: string, now: Date): Operation {
  return {
    Id: randomUUID(),
    Type: 'EXECUTION',
    Status: 'STARTED',
    StartTimestamp: now,
    ExecutionDetails: { InputPayload: payload },
  };
}
