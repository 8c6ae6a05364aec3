import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import type { Role, Statement } from './statements.ts';

/** One AWS call of a run (bin/call-log.ts). */
export interface Call {
  principal: string;
  service: string;
  action: string;
  resource?: string;
  context?: Record<string, string | string[]>;
}

/** One thing that a role may do with one resource. */
export interface Grant {
  role: string;
  action: string;
  resource: string;
}

export interface Judgement {
  /** Calls that the role's policies do not allow, each as one line. */
  refused: string[];
  /** What roles may do, and no call has needed. */
  unused: Grant[];
}

/** The role of a session's ARN: `fairlead-deploy` of `arn:aws:sts::…:assumed-role/fairlead-deploy/deploy`. */
export function roleOf({ principal }: Pick<Call, 'principal'>): string {
  return principal.split('/')[1] ?? principal;
}

/**
 * What AWS's evaluation of policies says of `call` by a role with `statements`: `Allowed`, or why not. A call without a
 * resource takes a statement about every resource: of such a call iam-simulate says whether there is any that it may be
 * about, so that one whose resource was not recorded would be allowed by every statement with its action.
 */
export async function simulate(call: Call, statements: readonly Statement[]): Promise<string> {
  const about = call.resource === undefined ? statements.filter(isAboutAll) : statements;
  const policy = { Version: '2012-10-17', Statement: about };
  const resource = { resource: call.resource ?? '*', accountId: call.principal.split(':')[4] ?? '' };
  const simulation: Simulation = {
    request: {
      principal: call.principal,
      action: `${call.service}:${call.action}`,
      resource,
      contextVariables: call.context ?? {},
    },
    identityPolicies: [{ name: 'role', policy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  const result = await runSimulation(simulation, {});
  return result.resultType === 'error' ? JSON.stringify(result.errors) : result.overallResult;
}

/** Holds `calls` against the roles of those who made them, by the name of the session's role; other callers are nobody's. */
export async function judge(calls: readonly Call[], roles: ReadonlyMap<string, Role>): Promise<Judgement> {
  const refused: string[] = [];
  const used = new Set<string>();
  for (const call of calls) {
    const role = roles.get(roleOf(call));
    if (role === undefined) continue;
    const verdict = await simulate(call, role.statements);
    if (verdict !== 'Allowed') refused.push(`${role.name}: ${inWords(call)}: ${verdict}`);
    for (const grant of grantsOf(role)) {
      if (used.has(keyOf(grant)) || !isAbout(grant, call)) continue;
      const { Condition } = grant.statement;
      const alone = { Effect: 'Allow' as const, Action: [grant.action], Resource: [grant.resource] };
      const one = Condition === undefined ? alone : { ...alone, Condition };
      if ((await simulate(call, [one])) === 'Allowed') used.add(keyOf(grant));
    }
  }
  const all = [...roles.values()].flatMap(grantsOf);
  const unused = all.filter((grant) => !used.has(keyOf(grant)));
  return { refused, unused: unused.map(({ role, action, resource }) => ({ role, action, resource })) };
}

function grantsOf(role: Role): (Grant & { statement: Statement })[] {
  return role.statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) =>
      statement.Action.flatMap((action) =>
        statement.Resource.map((resource) => ({ role: role.name, action, resource, statement })),
      ),
    );
}

function isAboutAll({ Effect, Resource }: Statement): boolean {
  return Effect === 'Deny' || Resource.includes('*');
}

function isAbout({ action }: Grant, call: Call): boolean {
  return action.toLowerCase() === `${call.service}:${call.action}`.toLowerCase();
}

const keyOf = ({ role, action, resource }: Grant) => JSON.stringify([role, action, resource]);

function inWords({ service, action, resource = '*', context }: Call): string {
  return `${service}:${action} on ${resource}${context === undefined ? '' : ` with ${JSON.stringify(context)}`}`;
}
