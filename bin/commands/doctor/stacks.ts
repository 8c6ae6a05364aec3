import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { Resource } from './patient.ts';

/** The names of an installation's stacks; bin/installation.ts gives them. */
export const STACKS = {
  registry: 'FairleadRegistry',
  cluster: 'FairleadCluster',
  pipeline: 'FairleadPipeline',
  alarms: 'FairleadAlarms',
} as const;

/** One stack, as CloudFormation has it; `absent` where it has none of that name. */
export interface StackSummary {
  name: string;
  status: string;
  drift: string;
  outputs: Readonly<Record<string, string>>;
  resources: ReadonlyMap<string, readonly Resource[]>;
}

/** Reads the stacks `names`; those that are not there are left out. */
export async function readStacks(
  client: CloudFormationClient,
  names: readonly string[],
): Promise<StackSummary[]> {
  const found = await Promise.all(names.map((name) => readStack(client, name)));
  return found.filter((stack) => stack !== undefined);
}

async function readStack(client: CloudFormationClient, name: string): Promise<StackSummary | undefined> {
  const { DescribeStacksCommand, paginateListStackResources } = await import(
    '@aws-sdk/client-cloudformation'
  );
  const described = await client
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch((error: unknown) => {
      // CloudFormation has no error of its own for it.
      if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
      throw error;
    });
  const stack = described?.Stacks?.[0];
  if (stack === undefined) return undefined;
  const resources = new Map<string, Resource[]>();
  for await (const page of paginateListStackResources({ client }, { StackName: name }))
    for (const {
      ResourceType = '',
      LogicalResourceId = '',
      PhysicalResourceId = '',
    } of page.StackResourceSummaries ?? []) {
      const of = resources.get(ResourceType) ?? [];
      resources.set(ResourceType, [...of, { logicalId: LogicalResourceId, id: PhysicalResourceId }]);
    }
  const outputs = (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
    OutputKey,
    OutputValue,
  ]);
  return {
    name,
    status: stack.StackStatus ?? '',
    drift: stack.DriftInformation?.StackDriftStatus ?? 'NOT_CHECKED',
    outputs: Object.fromEntries(outputs),
    resources,
  };
}
