import type { Config } from '../../../lib/config/config.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Ask } from '../operate/connect.ts';
import { type Finding, unknown } from './finding.ts';
import type { StackSummary } from './stacks.ts';

/** How clients are made: by the SDK's own configuration, or for a local cloud. */
export interface ClientSettings {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
}

/** The installation that is looked at, as far as it is known. */
export interface Patient {
  config: Config;
  /** Undefined where the service is not there, as some are not in a local cloud. `name` is that of `AWS_ENDPOINT_URL_…`. */
  settings(name: string): ClientSettings | undefined;
  stacks: readonly StackSummary[];
  /** Names or ARNs of the installation's resources of one CloudFormation type, in the stack whose name ends so. */
  resources(type: string, stack?: string): readonly Resource[];
  output(key: string): string | undefined;
  clusterName: string | undefined;
  ask: Ask;
  /** This clone's. */
  version: string;
}

export interface Resource {
  logicalId: string;
  /** What the service calls it: mostly its name, of some its ARN or URL. */
  id: string;
}

/** One check. What it throws becomes a finding. */
export interface Check {
  about: string;
  /** IAM actions that it needs beyond being known. */
  needs: readonly string[];
  look(patient: Patient): Promise<readonly Finding[]>;
}

/** What a check came to, whatever happened. */
export async function carryOut(check: Check, patient: Patient): Promise<readonly Finding[]> {
  try {
    return await check.look(patient);
  } catch (error) {
    const { about, needs } = check;
    if (isDenied(error)) return [unknown(about, 'you may not look at it', `it takes ${needs.join(', ')}`)];
    return [unknown(about, messageOf(error).split('\n')[0] ?? '')];
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|Unauthorized|AuthorizationError/.test(error.name);
}
