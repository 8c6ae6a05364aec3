import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** How the CDK's command line is called for one region. */
export interface CdkCall {
  /** Path of the command. */
  cdk: string;
  /** The root of the clone, where cdk.json is. */
  root: string;
  /** What there is to deploy: `--all`, or patterns of stacks' ids. */
  stacks: readonly string[];
  region: string;
  /** Whoever deploys, as an administrator of a new cluster; nobody when absent. */
  principal?: string;
  approval: Approval;
  /** Whether what somebody changed or took away by hand becomes again what the template says. */
  revertDrift?: boolean;
  /** In place of docker. */
  docker: string;
}

/** When the CDK asks before it changes what somebody may do. */
export type Approval = 'never' | 'any-change' | 'broadening';

/** Runs `cdk deploy` to its end, with this terminal. Answers its exit code. */
export async function cdkDeploy(call: CdkCall, env: NodeJS.ProcessEnv): Promise<number> {
  const { cdk, root, stacks, region, principal, approval, revertDrift = false, docker } = call;
  const installer = principal === undefined ? [] : ['--context', `installer=${principal}`];
  const drift = revertDrift ? ['--revert-drift'] : [];
  const args = ['deploy', ...stacks, '--require-approval', approval, ...drift, ...installer];
  const child = spawn(cdk, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...env, AWS_REGION: region, AWS_DEFAULT_REGION: region, CDK_DOCKER: docker },
  });
  // A terminal's Ctrl-C reaches it by itself, and it may have to put something right before it ends.
  const wait = () => {};
  process.on('SIGINT', wait);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // As shells count who ended by a signal (POSIX.1-2017, XCU 2.8.2).
    return code ?? 128 + constants.signals[signal as NodeJS.Signals];
  } finally {
    process.off('SIGINT', wait);
  }
}
