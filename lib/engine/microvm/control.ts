import {
  CreateMicrovmAuthTokenCommand,
  GetMicrovmCommand,
  type LambdaMicrovmsClient,
  type MicrovmState,
  ResumeMicrovmCommand,
  RunMicrovmCommand,
  TerminateMicrovmCommand,
} from '@aws-sdk/client-lambda-microvms';
import { FairleadError, messageOf } from '../../errors.ts';

/** A MicroVM as the API tells of it. States come late: whether it is there is what its endpoint answers. */
export interface Vm {
  id: string;
  state: MicrovmState;
  /** `https://…`, without a slash at the end. */
  endpoint: string;
  /** Why it is in this state, where AWS says so. */
  reason?: string;
}

/** The port that the server listens on in the VM. */
export const PORT = 8080;

/** Seconds without a request before a VM is suspended, and suspended before it is ended; and that it may live at all. */
export const IDLE_SECONDS = 120;
const SUSPENDED_SECONDS = 8 * 3600;
const LIFE_SECONDS = 8 * 3600;
/** Minutes that a token for the proxy holds; 60 at most. */
export const TOKEN_MINUTES = 30;

/** Names of AWS's errors for which there is no VM to be had now, whoever asks. */
const NO_ROOM: Record<string, string> = {
  ServiceQuotaExceededException: 'the quota of MicroVMs is used up',
  InsufficientCapacityException: 'AWS has no capacity for a MicroVM now',
  ThrottlingException: 'AWS takes no more requests for MicroVMs now',
  TooManyRequestsException: 'AWS takes no more requests for MicroVMs now',
  UnknownOperationException: 'this region has no MicroVMs',
  ENOTFOUND: 'this region has no MicroVMs',
};

/** The calls of the Lambda MicroVMs API that builds make, for the VMs of one image. */
export class Control {
  readonly #client: LambdaMicrovmsClient;

  constructor(client: LambdaMicrovmsClient) {
    this.#client = client;
  }

  /**
   * Runs a VM, or answers the one that was run by `clientToken`.
   * @throws FairleadError `engine/unavailable`, `engine/refused`
   */
  async run(image: { arn: string; version?: string }, clientToken: string, payload: string): Promise<Vm> {
    const command = new RunMicrovmCommand({
      imageIdentifier: image.arn,
      ...(image.version === undefined ? {} : { imageVersion: image.version }),
      clientToken,
      runHookPayload: payload,
      maximumDurationInSeconds: LIFE_SECONDS,
      idlePolicy: {
        maxIdleDurationSeconds: IDLE_SECONDS,
        suspendedDurationSeconds: SUSPENDED_SECONDS,
        autoResumeEnabled: true,
      },
    });
    return vmOf(await this.#client.send(command).catch((error) => refuse('running a MicroVM', error)));
  }

  /** Undefined when there is none of this id, or none any more. */
  async get(id: string): Promise<Vm | undefined> {
    const asked = this.#client.send(new GetMicrovmCommand({ microvmIdentifier: id }));
    const found = await asked.catch((error) =>
      nameOf(error) === 'ResourceNotFoundException'
        ? undefined
        : refuse(`looking at the MicroVM ${id}`, error),
    );
    return found === undefined ? undefined : vmOf(found);
  }

  /** The value of `X-aws-proxy-auth`, for {@link TOKEN_MINUTES}; undefined when the VM is over. */
  async token(id: string): Promise<string | undefined> {
    const command = new CreateMicrovmAuthTokenCommand({
      microvmIdentifier: id,
      expirationInMinutes: TOKEN_MINUTES,
      allowedPorts: [{ port: PORT }],
    });
    const doing = `getting a token for the MicroVM ${id}`;
    const given = await this.#client
      .send(command)
      .catch((error) =>
        /^(Conflict|ResourceNotFound)/.test(nameOf(error)) ? undefined : refuse(doing, error),
      );
    if (given === undefined) return undefined;
    const token = Object.entries(given.authToken ?? {}).find(
      ([name]) => name.toLowerCase() === 'x-aws-proxy-auth',
    )?.[1];
    return token ?? refuse(doing, new Error('the answer has no X-aws-proxy-auth'));
  }

  /** Wakes a VM up; one that is awake stays so. */
  async resume(id: string): Promise<void> {
    const command = new ResumeMicrovmCommand({ microvmIdentifier: id });
    await this.#client.send(command).catch((error) => {
      // It is being suspended, or awake already: its endpoint tells.
      if (!/Conflict|ResourceNotFound|Validation/.test(nameOf(error)))
        refuse(`waking the MicroVM ${id}`, error);
    });
  }

  /** Ends a VM. Nothing hangs on it: one that is not ended ends by itself. */
  async terminate(id: string): Promise<void> {
    await this.#client.send(new TerminateMicrovmCommand({ microvmIdentifier: id })).catch(() => undefined);
  }
}

interface Described {
  microvmId: string | undefined;
  state: MicrovmState | undefined;
  endpoint: string | undefined;
  stateReason?: string | undefined;
}

function vmOf({ microvmId = '', state = 'PENDING', endpoint = '', stateReason }: Described): Vm {
  const url = /^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`;
  return {
    id: microvmId,
    state,
    endpoint: url.replace(/\/+$/, ''),
    ...(stateReason === undefined ? {} : { reason: stateReason }),
  };
}

function nameOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  return code ?? name ?? '';
}

function refuse(operation: string, error: unknown): never {
  const cause = NO_ROOM[nameOf(error)];
  if (cause !== undefined)
    throw new FairleadError({ code: 'engine/unavailable', operation, cause }, { cause: error });
  const { $retryable, $fault } = error as { $retryable?: unknown; $fault?: string };
  throw new FairleadError(
    {
      code: 'engine/refused',
      operation,
      cause: `${nameOf(error)}: ${messageOf(error)}`,
      remedy: 'check that the role of the function build-image may use the MicroVMs of the installation',
      temporary: $retryable !== undefined || $fault === 'server' || /ECONN|TimeoutError/.test(nameOf(error)),
    },
    { cause: error },
  );
}
