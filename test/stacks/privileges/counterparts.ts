import type { Resource, Template } from './statements.ts';

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';

const PSEUDO: Record<string, string> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Names that resources have in the local cloud, by the beginning of their logical id. */
export interface LocalNames {
  /** ARN of each secret. */
  secrets: Readonly<Record<string, string>>;
  tables: Readonly<Record<string, string>>;
  queues: Readonly<Record<string, string>>;
  cluster: string;
  project: string;
  microVmImage: string;
}

/**
 * Writes what stands in the templates as the local cloud calls it: `{ "Fn::GetAtt": ["Ledger…", "Arn"] }` becomes the ARN of
 * its table there. What has no counterpart gets an ARN that nothing else has.
 */
export class Counterparts {
  readonly #templates: readonly Template[];
  readonly #names: LocalNames;

  constructor(templates: readonly Template[], names: LocalNames) {
    this.#templates = templates;
    this.#names = names;
  }

  /** What functions are called, by the logical id of their role: `deploy`, `fairlead-operate`. */
  functionsByRole(template: Template): Map<string, string> {
    const found = new Map<string, string>();
    for (const resource of Object.values(template.Resources)) {
      const role = (resource.Properties?.Role as { 'Fn::GetAtt'?: [string] } | undefined)?.['Fn::GetAtt'];
      if (resource.Type === 'AWS::Lambda::Function' && role) found.set(role[0], functionName(resource));
    }
    return found;
  }

  resolve(value: unknown, template: Template): string {
    if (typeof value === 'string') return value;
    const [[name, argument] = ['', undefined]] = Object.entries(value as Record<string, unknown>);
    if (name === 'Ref') return PSEUDO[String(argument)] ?? this.#arn(String(argument), template);
    if (name === 'Fn::GetAtt') return this.#arn((argument as string[])[0] ?? '', template);
    if (name === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => this.resolve(part, template)).join(separator);
    }
    if (name === 'Fn::Sub')
      return String(argument).replaceAll(/\$\{([^}]+)\}/g, (whole, key) => PSEUDO[key] ?? whole);
    if (name === 'Fn::ImportValue') return this.#imported(String(argument));
    if (name === 'Fn::Select') {
      const [at, list] = argument as [number, { 'Fn::Split': [string, unknown] }];
      const [separator, text] = list['Fn::Split'];
      return this.resolve(text, template).split(separator)[at] ?? '';
    }
    return `arn:aws:nowhere:::${JSON.stringify(value)}`;
  }

  #imported(name: string): string {
    for (const template of this.#templates)
      for (const { Value, Export } of Object.values(template.Outputs ?? {}))
        if (Export?.Name === name) return this.resolve(Value, template);
    return `arn:aws:nowhere:::${name}`;
  }

  #arn(id: string, template: Template): string {
    const resource = template.Resources[id];
    const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
    const named = (names: Readonly<Record<string, string>>) =>
      Object.entries(names).find(([prefix]) => id.startsWith(prefix))?.[1];
    const { secrets, tables, queues, cluster, project, microVmImage } = this.#names;
    const nowhere = `arn:aws:nowhere:::${id}`;
    switch (resource?.Type) {
      case 'AWS::Lambda::Function':
        return arn('lambda', `function:${functionName(resource)}`);
      case 'AWS::Lambda::Alias': {
        const of = resource.Properties?.FunctionName as { Ref: string };
        return `${this.#arn(of.Ref, template)}:${resource.Properties?.Name}`;
      }
      case 'AWS::DynamoDB::GlobalTable':
        return arn('dynamodb', `table/${named(tables) ?? id}`);
      case 'AWS::SecretsManager::Secret':
        return named(secrets) ?? nowhere;
      case 'AWS::SQS::Queue':
        return arn('sqs', named(queues) ?? id);
      case 'AWS::EKS::Cluster':
        return arn('eks', `cluster/${cluster}`);
      case 'AWS::CodeBuild::Project':
        return arn('codebuild', `project/${project}`);
      case 'AWS::Lambda::MicrovmImage':
        return microVmImage;
      case 'AWS::Logs::LogGroup':
        return arn('logs', `log-group:${logGroup(id, template, project)}:*`);
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${ACCOUNT}:role/${id.startsWith('Lent') ? 'fairlead-lent' : id}`;
      default:
        return nowhere;
    }
  }
}

/** What a function is called in the local cloud; its description ends with it. */
function functionName({ Properties = {} }: Resource): string {
  return String(Properties.FunctionName ?? String(Properties.Description).replace('Fairlead: ', ''));
}

/** Who writes to a log group has its reference. */
function logGroup(id: string, { Resources }: Template, project: string): string {
  for (const resource of Object.values(Resources)) {
    if (!JSON.stringify(resource.Properties ?? {}).includes(`"Ref":"${id}"`)) continue;
    if (resource.Type === 'AWS::Lambda::Function') return `/aws/lambda/${functionName(resource)}`;
    if (resource.Type === 'AWS::CodeBuild::Project') return `/aws/codebuild/${project}`;
  }
  return id;
}
