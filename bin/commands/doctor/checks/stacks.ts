import { type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';
import { STACKS, type StackSummary } from '../stacks.ts';

/** Whether the stacks are there, whole, as they were deployed, and of this clone's version. */
export const stacks: Check = {
  about: 'stacks',
  needs: ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
  look: async (patient) => [
    ...wanted(patient).flatMap((name) => stackFindings(name, patient)),
    ...leftOver(patient),
  ],
};

/** The cluster that Fairlead made, where the configuration names another: it costs, and no deployment takes it away. */
function leftOver({ config, stacks }: Patient): Finding[] {
  const stack = stacks.find(({ name }) => name === STACKS.cluster);
  if (stack === undefined || config.cluster.is === 'new') return [];
  const used = config.cluster.name;
  if (stack.outputs.ClusterName === used)
    return [ok(STACKS.cluster, `it has the cluster ${used}, which is named as an existing one`)];
  const remedy = `once nothing runs there: aws cloudformation delete-stack --stack-name ${STACKS.cluster} (docs/deploying.md, "Another cluster")`;
  return [notOk(STACKS.cluster, `it is left over: apps run on ${used}, and it costs on`, remedy)];
}

function wanted({ config }: Patient): string[] {
  const { cluster, ...others } = STACKS;
  return [...Object.values(others), ...(config.cluster.is === 'new' ? [cluster] : [])];
}

function stackFindings(name: string, patient: Patient): Finding[] {
  const stack = patient.stacks.find((one) => one.name === name);
  if (stack === undefined) return [notOk(name, 'it is not there', 'npx fairlead deploy')];
  const trouble = troubleOf(stack);
  if (trouble !== undefined) return [trouble];
  const installed = stack.outputs.Version;
  if (installed !== undefined && installed !== patient.version)
    return [notOk(name, `${installed} is installed, this clone is ${patient.version}`, 'docs/upgrade.md')];
  const drift = stack.drift === 'NOT_CHECKED' ? ', drift never looked for' : '';
  return [ok(name, `${stack.status}${installed === undefined ? '' : `, version ${installed}`}${drift}`)];
}

function troubleOf({ name, status, drift }: StackSummary): Finding | undefined {
  const events = `aws cloudformation describe-stack-events --stack-name ${name}`;
  // The CDK goes on from every state but this one, in which CloudFormation waits for a word.
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return notOk(
      name,
      status,
      `${events} tells why; then npx cdk rollback '${name}*', and npx fairlead deploy`,
    );
  if (/FAILED|^ROLLBACK_COMPLETE/.test(status))
    return notOk(name, status, `${events} tells why; then npx fairlead deploy`);
  if (/IN_PROGRESS/.test(status))
    return notOk(name, `${status}: it is being changed`, 'wait for its end, and ask again');
  if (drift !== 'DRIFTED') return undefined;
  const remedy = `aws cloudformation describe-stack-resource-drifts --stack-name ${name} tells what; npx fairlead deploy --revert-drift puts it right`;
  return notOk(name, 'somebody has changed it by hand', remedy);
}
