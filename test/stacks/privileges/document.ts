import type { Role, Statement } from './statements.ts';

/** What a role needs its rights for: by the role and the action, the first that fits. */
const REASONS: readonly [role: RegExp, action: RegExp, why: string][] = [
  [/ServiceRole$/, /^logs:(Create|Put)/, 'Its own log'],
  [/./, /^xray:/, 'Trace segments, which Lambda sends in its name'],
  [/ServiceRole$/, /^sqs:SendMessage/, 'Events that it could not handle are put aside for a person'],
  [
    /^(Deploy|BuildImage|Sweep)/,
    /^secretsmanager:Get/,
    'Tokens of git hosts: read commits, write their statuses',
  ],
  [/^BuildImage/, /^ecr:GetAuth/, 'The password of the registry'],
  [/^BuildImage/, /^ecr:/, 'Publishes images of apps, and reads the bases that they stand on'],
  [
    /^BuildImage/,
    /^codebuild:|^logs:Get/,
    'Hands builds over, follows them, ends those that were superseded',
  ],
  [/^BuildImage/, /^dynamodb:/, 'Leaves there what a build in CodeBuild logs in to the registry with'],
  [/^BuildImage/, /^lambda:/, 'Runs MicroVMs that build, and talks to them'],
  [/^BuildImage/, /^sts:/, 'Gets sessions of the lent role, one for the app of each build'],
  [/^RollOut/, /^eks:/, 'Finds the cluster; what it may do there stands in RBAC'],
  [/^RollOut/, /^(cloudwatch|tag):/, 'Looks at alarms and metrics while a release bakes'],
  [/^RollOut/, /^secretsmanager:/, 'Values of the secrets that apps name'],
  [/^RollOut/, /^ec2:/, 'Network interfaces beside a private endpoint'],
  [/^RollOut/, /^dynamodb:/, 'Sees whether it still has the right to write'],
  [/^Deploy/, /^secretsmanager:Desc/, 'Which version of an app’s secret is the current one'],
  [/^Deploy/, /^lambda:Invoke/, 'Has images built and releases rolled out'],
  [/^Deploy/, /^lambda:/, 'Writes down how far its executions are, and goes on from there'],
  [/^Deploy/, /^dynamodb:/, 'The ledger: claims, releases, verdicts, bad commits'],
  [/^Sweep/, /^dynamodb:/, 'Which environments there are, and what they should run'],
  [/^Sweep/, /^lambda:/, 'Starts the deployments that nobody has started'],
  [/^ReceivePush/, /^secretsmanager:/, 'What webhooks are signed with'],
  [/^ReceivePush/, /^lambda:/, 'Starts deployments, and the sweep of a pull request'],
  [/^WatchAlarm/, /^cloudwatch:/, 'Whose alarm it is'],
  [/^WatchAlarm/, /^dynamodb:/, 'Which live releases the alarm speaks of'],
  [/^WatchAlarm/, /^lambda:/, 'Starts the rollback'],
  [/^Operate/, /^lambda:Get/, 'How a deployment that a person follows goes on'],
  [/^Operate/, /^lambda:/, 'Starts what a person asks for'],
  [/^Operate/, /^dynamodb:/, 'What people ask about; lets bad commits in again'],
  [/^Operate/, /^sqs:/, 'Shows events that were put aside, and has them handled again'],
  [/^CodeBuildRole/, /^dynamodb:/, 'What this build was lent, by a name that only it was told'],
  [/^CodeBuildRole/, /^secretsmanager:/, 'The token that reads the commit'],
  [/^CodeBuildRole/, /^logs:/, 'What the build says'],
  [/^LentRole/, /^ecr:GetAuth/, 'The password of the registry'],
  [/^LentRole/, /^ecr:/, 'One app’s repositories: what its session’s tags say, and bases'],
  [/^MicroVmsBuildRole/, /./, 'Makes the image of the MicroVMs, and says how that went'],
];

/** Why a role may do something; undefined where nobody has said it. */
export function reasonOf(role: string, action: string): string | undefined {
  return REASONS.find(([who, what]) => who.test(role) && what.test(action))?.[2];
}

/** All roles that have rights of ours, as a table of docs/privileges.md. */
export function privilegesTable(roles: ReadonlyMap<string, Role>): string {
  const rows = [...roles.values()]
    .filter(({ statements }) => statements.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, statements }) => statements.map((statement) => row(name, statement)));
  return ['| role | may | with | why |', '|---|---|---|---|', ...rows].join('\n');
}

function row(role: string, { Action, Resource, Condition }: Statement): string {
  const why = [...new Set(Action.map((action) => reasonOf(role, action) ?? '?'))].join('; ');
  const actions = [...Action].sort().map((action) => `\`${action}\``);
  const resources = Resource.map((resource) => `\`${shortened(resource)}\``);
  const only = Condition === undefined ? '' : `, if \`${JSON.stringify(Condition)}\``;
  return `| ${role.replace(/ServiceRole$/, '')} | ${actions.join(', ')} | ${resources.join(', ')}${only} | ${why} |`;
}

/** Without partition, region and account; without what changes with each version of the code. */
function shortened(arn: string): string {
  return arn
    .replace(/^arn:aws:(\w+):[^:]*:\d*:/, '$1:')
    .replace(/[0-9a-f]{64}/, 'CODE')
    .replace(/(:secret:.*)-\w{6}$/, '$1');
}
