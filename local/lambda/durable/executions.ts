import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { AwsError } from '../../aws/error.ts';
import type { Functions, Target } from '../functions.ts';
import { type FunctionSpec, functionArn } from '../types.ts';
import { readCallbackId } from './callback-id.ts';
import { Execution } from './execution.ts';
import { invalid } from './operations.ts';
import type { Ending, StatusChange } from './types.ts';
import { endingOf, failed } from './verdict.ts';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const DAY_MS = 24 * 3600_000;
const DEFAULT_RETENTION_DAYS = 14;
/** Executions that ended are kept so long as there are not more than these, whatever their retention period. */
const MOST_KEPT = 1000;

/** All durable executions there are. They live in memory: a local cloud that ends forgets them. */
export class Executions {
  readonly changes = new EventEmitter<{ status: [StatusChange] }>();
  readonly #functions: Functions;
  readonly #onChained: (caller: FunctionSpec, targetArn: string) => void;
  readonly #byId = new Map<string, Execution>();

  /** `onChained` is told of every function that an execution invokes. */
  constructor(functions: Functions, onChained: (caller: FunctionSpec, targetArn: string) => void) {
    this.#functions = functions;
    this.#onChained = onChained;
  }

  /**
   * Starts an execution, or finds the one that has this name already and the same payload. Throws
   * DurableExecutionAlreadyStartedException when its payload is another.
   */
  start(target: Target, payload: string, name: string = randomUUID()): Execution {
    const { spec, qualifier } = target;
    if (qualifier === undefined)
      throw invalid('You cannot invoke a durable function using an unqualified ARN.');
    if (!NAME.test(name))
      throw invalid(`Durable execution name ${JSON.stringify(name)} must match ${NAME.source}`);
    this.#forget();
    const known = [...this.#byId.values()].find(
      ({ identity }) => identity.spec === spec && identity.name === name,
    );
    if (known?.identity.payload === payload) return known;
    if (known !== undefined)
      throw new AwsError(
        'DurableExecutionAlreadyStartedException',
        `The durable execution ${known.identity.arn} has already been started with another payload`,
        409,
      );
    return this.#create(target, payload, name);
  }

  /** By ARN; throws ResourceNotFoundException. */
  find(arn: string): Execution {
    const execution = this.#byId.get(arn.split('/').at(-1) ?? '');
    if (execution?.identity.arn === arn) return execution;
    throw new AwsError('ResourceNotFoundException', `The durable execution ${arn} does not exist`, 404);
  }

  /** By callback id, with the operation's; throws InvalidParameterValueException. */
  findCallback(id: string): { execution: Execution; operationId: string } {
    const { executionId, operationId } = readCallbackId(id);
    const execution = this.#byId.get(executionId);
    if (execution?.operation(operationId)?.CallbackDetails?.CallbackId !== id)
      throw invalid('Invalid callback id');
    return { execution, operationId };
  }

  /** Of one function, newest first. */
  list(spec: FunctionSpec): Execution[] {
    return [...this.#byId.values()].filter(({ identity }) => identity.spec === spec).reverse();
  }

  close(): void {
    for (const execution of this.#byId.values()) execution.close();
  }

  #create(target: Target, payload: string, name: string): Execution {
    const { spec, qualifier = '' } = target;
    const id = randomUUID();
    const version = /^(\d+|\$LATEST)$/.test(qualifier) ? qualifier : '1';
    const arn = `${functionArn(this.#functions.place, spec.name, version)}/durable-execution/${name}/${id}`;
    let acceptedAt: number | undefined = Date.now();
    const execution = new Execution(
      { arn, id, name, spec, payload },
      {
        invoke: (event, requestId) => {
          const how = {
            whenBusy: 'wait',
            requestId,
            ...(acceptedAt !== undefined && { acceptedAt }),
          } as const;
          // Only the first invocation is that of the event.
          acceptedAt = undefined;
          return this.#functions.invoke(target, Buffer.from(JSON.stringify(event)), how);
        },
        chain: (functionName, input) => this.#chain(spec, functionName, input),
        onStatus: ({ status }) => this.changes.emit('status', { arn, name, function: spec.name, status }),
      },
    );
    this.#byId.set(id, execution);
    execution.start();
    return execution;
  }

  async #chain(caller: FunctionSpec, functionName: string, payload: string | undefined): Promise<Ending> {
    try {
      const target = this.#functions.find(functionName);
      this.#onChained(caller, this.#functions.arnOf(target));
      if (target.spec.durable !== undefined) return await this.start(target, payload ?? '{}').ended;
      return endingOf(await this.#functions.invoke(target, Buffer.from(payload ?? ''), { whenBusy: 'wait' }));
    } catch (error) {
      if (error instanceof AwsError) return failed(error.code, error.message);
      throw error;
    }
  }

  #forget(): void {
    const now = Date.now();
    const over = [...this.#byId.entries()].filter(([, { endedAt }]) => endedAt !== undefined);
    over.forEach(([id, { endedAt, identity }], index) => {
      const days = identity.spec.durable?.retentionPeriod ?? DEFAULT_RETENTION_DAYS;
      const isTooOld = now - (endedAt?.getTime() ?? now) > days * DAY_MS;
      if (isTooOld || index < over.length - MOST_KEPT) this.#byId.delete(id);
    });
  }
}
