import type { Principal } from './aws/admission.ts';
import type { CodeBuildOptions } from './aws/services/codebuild.ts';
import { principalOf } from './identities.ts';

/** What the one CodeBuild project is called. */
export const PROJECT = 'fairlead-builder';

/** Minutes, as lib/stacks/codebuild-engine.ts has it. */
const TIMEOUT = 60;

/** The project that builds are handed over to, on this machine's docker engine, with the keys of a role of its own. */
export function buildMachine(
  account: string,
  { buildspec, machine }: { buildspec: string; machine: Readonly<Record<string, string>> },
) {
  const role: Principal = principalOf(account, 'codebuild');
  const around: Record<string, string> = {
    ...machine,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const options: Omit<CodeBuildOptions, 'secret'> = {
    projects: { [PROJECT]: { buildspec, timeoutMinutes: TIMEOUT, environment: {} } },
    machine: around,
    role,
  };
  return {
    role,
    options,
    /** Says where AWS is, which is known after its services have started. */
    reach: (endpoint: string) => {
      around.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
    },
  };
}
