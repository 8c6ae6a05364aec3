import type { Template } from 'aws-cdk-lib/assertions';

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}
interface Body {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
}

/** Names of what is deployed elsewhere, as CloudFormation would put them in. */
export interface Physical {
  region: string;
  account: string;
  /** Names of functions, by those in their descriptions. */
  functionName(name: string): string;
  queueName: string;
  tableName: string;
  topicArn: string;
}

/** What CloudFormation makes of `alarms`: each reference is what is deployed there. @throws for one that is not known */
export function resolver(alarms: Template, pipeline: Template, physical: Physical) {
  const [own, other] = [alarms.toJSON() as Body, pipeline.toJSON() as Body];
  const pseudo: Record<string, string> = {
    'AWS::Region': physical.region,
    'AWS::AccountId': physical.account,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };

  const reference = ({ Resources }: Body, id: string): string => {
    if (pseudo[id] !== undefined) return pseudo[id];
    const { Type, Properties } = Resources[id] ?? fail(id);
    switch (Type) {
      case 'AWS::Lambda::Function':
        return physical.functionName(String(Properties.Description).replace('Fairlead: ', ''));
      case 'AWS::SNS::Topic':
        return physical.topicArn;
      case 'AWS::DynamoDB::GlobalTable':
        return physical.tableName;
      default:
        return fail(`${Type} ${id}`);
    }
  };
  const attribute = ({ Resources }: Body, id: string, name: string): string => {
    const { Type, Properties } = Resources[id] ?? fail(id);
    if (Type === 'AWS::SQS::Queue' && name === 'QueueName') return physical.queueName;
    if (/^AWS::CloudWatch::.*Alarm$/.test(Type) && name === 'Arn')
      return `arn:aws:cloudwatch:${physical.region}:${physical.account}:alarm:${Properties.AlarmName}`;
    return fail(`${Type} ${id}.${name}`);
  };
  const imported = (name: string): unknown =>
    Object.values(other.Outputs ?? {}).find(({ Export }) => Export?.Name === name)?.Value ?? fail(name);

  const resolve = (value: unknown, body = own): unknown => {
    if (Array.isArray(value)) return value.map((item) => resolve(item, body));
    if (typeof value !== 'object' || value === null) return value;
    const [[key, given] = [undefined, undefined], ...others] = Object.entries(value);
    if (others.length === 0 && key === 'Ref') return reference(body, String(given));
    if (others.length === 0 && key === 'Fn::GetAtt') return attribute(body, ...(given as [string, string]));
    if (others.length === 0 && key === 'Fn::ImportValue') return resolve(imported(String(given)), other);
    if (others.length === 0 && key === 'Fn::Join') {
      const [between, parts] = given as [string, unknown[]];
      return parts.map((part) => resolve(part, body)).join(between);
    }
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolve(inner, body)]));
  };

  const ofType = (type: string) =>
    Object.values(own.Resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => resolve(Properties) as Record<string, unknown>);
  return {
    metricAlarms: ofType('AWS::CloudWatch::Alarm'),
    compositeAlarms: ofType('AWS::CloudWatch::CompositeAlarm'),
    dashboard: JSON.parse(String(ofType('AWS::CloudWatch::Dashboard')[0]?.DashboardBody)) as Dashboard,
  };
}

export interface Dashboard {
  start: string;
  widgets: {
    type: string;
    x: number;
    y: number;
    width: number;
    height: number;
    properties: { title?: string; metrics?: unknown[][]; alarms?: string[]; period?: number };
  }[];
}

function fail(what: string): never {
  throw new Error(`nothing is known of ${what}`);
}
