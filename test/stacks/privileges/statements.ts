/** A CloudFormation template, as far as it is looked at here. */
export interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
}

export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
  DeletionPolicy?: string;
}

/** One statement of a role, with every intrinsic function of the template resolved. */
export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A role as its template makes it. */
export interface Role {
  /** Of the role in its template, without the hash at its end. */
  name: string;
  statements: Statement[];
  /** AWS managed policies that are attached, by name. */
  managed: string[];
}

interface Document {
  Statement: Record<string, unknown>[];
}

/** The roles of `template`, by logical id, with what all policies of the template let them do. */
export function rolesOf(template: Template, resolve: (value: unknown) => string): Map<string, Role> {
  const entries = Object.entries(template.Resources);
  const roles = new Map<string, Role>();
  for (const [id, { Type, Properties = {} }] of entries) {
    if (Type !== 'AWS::IAM::Role') continue;
    const inline = (Properties.Policies ?? []) as { PolicyDocument: Document }[];
    const managed = ((Properties.ManagedPolicyArns ?? []) as unknown[]).map((arn) => resolve(arn));
    roles.set(id, {
      name: id.replace(/[0-9A-F]{8}$/, ''),
      statements: inline.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument, resolve)),
      managed: managed.map((arn) => arn.replace(/^.*:policy\//, '')),
    });
  }
  for (const [, { Type, Properties = {} }] of entries) {
    if (Type !== 'AWS::IAM::Policy') continue;
    for (const role of (Properties.Roles ?? []) as { Ref: string }[])
      roles.get(role.Ref)?.statements.push(...statementsOf(Properties.PolicyDocument as Document, resolve));
  }
  return roles;
}

function statementsOf({ Statement }: Document, resolve: (value: unknown) => string): Statement[] {
  return Statement.map(({ Effect, Action, Resource, Condition }) => ({
    Effect: Effect as Statement['Effect'],
    Action: [Action].flat().map(String),
    Resource: [Resource].flat().map((one) => resolve(one)),
    ...(Condition === undefined ? {} : { Condition: Condition as NonNullable<Statement['Condition']> }),
  }));
}
