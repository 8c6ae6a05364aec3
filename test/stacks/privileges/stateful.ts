import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Resource, Template } from './statements.ts';

/** Types whose resources hold what nobody could make again, or what others have written down. */
const STATEFUL: readonly string[] = [
  'AWS::DynamoDB::GlobalTable',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::ECR::PullThroughCacheRule',
  'AWS::ECR::RepositoryCreationTemplate',
  'AWS::EKS::Cluster',
  // The address that git hosts call.
  'AWS::Lambda::Url',
  'AWS::Logs::LogGroup',
  'AWS::SecretsManager::Secret',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
];

/** A durable function holds its executions, of which some sleep for hours. */
function isStateful({ Type, Properties = {} }: Resource): boolean {
  return STATEFUL.includes(Type) || (Type === 'AWS::Lambda::Function' && 'DurableConfig' in Properties);
}

/** By `STACK/LOGICAL ID`: the type, what becomes of it when it is removed, and the properties whose change replaces it. */
export type Stateful = Record<string, { type: string; removed: string; replacing: Record<string, unknown> }>;

/** Reading the specification takes seconds. */
let specification: ReturnType<typeof loadAwsServiceSpecSync> | undefined;
const known = new Map<string, string[]>();

/** Names of properties whose change makes CloudFormation replace a resource of `type`, or may do so. */
export function replacingProperties(type: string): string[] {
  const before = known.get(type);
  if (before !== undefined) return before;
  specification ??= loadAwsServiceSpecSync();
  const [resource] = specification.lookup('resource', 'cloudFormationType', 'equals', type);
  if (resource === undefined) throw new Error(`${type} is no type that CloudFormation's specification has`);
  const names = Object.entries(resource.properties)
    .filter(([, { causesReplacement }]) => causesReplacement === 'yes' || causesReplacement === 'maybe')
    .map(([name]) => name)
    .sort();
  known.set(type, names);
  return names;
}

/** What holds state in `templates`. */
export function statefulOf(templates: Record<string, Template>): Stateful {
  const found: Stateful = {};
  for (const [stack, { Resources }] of Object.entries(templates))
    for (const [id, resource] of Object.entries(Resources)) {
      if (!isStateful(resource)) continue;
      const names = replacingProperties(resource.Type);
      const set = Object.entries(resource.Properties ?? {}).filter(([name]) => names.includes(name));
      found[`${stack}/${id}`] = {
        type: resource.Type,
        removed: resource.DeletionPolicy ?? 'Delete',
        replacing: Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1))),
      };
    }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What an update from `before` to `after` would lose or replace, each in one line. */
export function lost(before: Stateful, after: Stateful): string[] {
  return Object.entries(before).flatMap(([name, was]) => {
    const is = after[name];
    if (is === undefined)
      return [
        `${name} (${was.type}) is gone: ${was.removed === 'Delete' ? 'it would be deleted' : 'it would be left behind'}`,
      ];
    if (is.type !== was.type) return [`${name} was ${was.type} and is ${is.type}: it would be replaced`];
    const properties = [...new Set([...Object.keys(was.replacing), ...Object.keys(is.replacing)])];
    const changed = properties.filter(
      (property) => JSON.stringify(was.replacing[property]) !== JSON.stringify(is.replacing[property]),
    );
    const replaced = changed.map(
      (property) => `${name} (${was.type}) would be replaced: ${property} changed`,
    );
    const loosened =
      was.removed !== is.removed ? [`${name} was kept (${was.removed}) and is not any more`] : [];
    return [...replaced, ...(was.removed === 'Delete' ? [] : loosened)];
  });
}
