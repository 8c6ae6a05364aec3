import type { Principal } from './admission.ts';
import type { Input } from './input.ts';
import type { Protocol } from './protocol.ts';

/** One action of a service. */
interface Operation {
  /** ARN of what the call acts on, as IAM would be asked about it; absent where IAM knows only `*`. */
  resource?(input: Input): string | undefined;
  /** What conditions of policies may ask about the call, by condition key. */
  context?(input: Input): Record<string, string | readonly string[]> | undefined;
  /** Actions that IAM is asked about beside the one that was called. */
  also?(input: Input): readonly { action: string; resource?: string }[];
  /** The API's output; errors are thrown as AwsError. */
  run(input: Input, caller: Principal): unknown;
}

/** An AWS service of the local cloud. */
export interface Service {
  /** The prefix of its actions in IAM policies. */
  iam: string;
  protocol: Protocol;
  operations: Readonly<Record<string, Operation>>;
}

/** Where everything lives. */
export interface Place {
  region: string;
  /** Twelve digits. */
  account: string;
}
