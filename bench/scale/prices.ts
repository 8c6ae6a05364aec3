/** The day on which these were looked up, or on which nothing better was found. */
export const PRICED = '2026-11-22';

export type Region = 'us-east-1' | 'eu-west-1';

/** A list price in US dollars, without any free tier or discount. */
export interface Price {
  /** For people: what one pays for, and how much of it. */
  unit: string;
  usd: Readonly<Record<Region, number>>;
  /** Where it was read; `unconfirmed` where no public page that says it was found on that day: check it first. */
  source: { page: string } | 'unconfirmed';
}

const LAMBDA = { page: 'aws.amazon.com/lambda/pricing, as quoted by cloudchipr.com/blog/aws-lambda-pricing' };
const EKS = {
  page: 'aws.amazon.com/eks/pricing, as quoted by cloudburn.io/blog/amazon-eks-pricing (April 2026)',
};
const DYNAMODB = {
  page: 'aws.amazon.com/dynamodb/pricing, as quoted by airbyte.com/data-engineering-resources/dynamodb-pricing (us-east-1)',
};

const CODEBUILD = {
  page: 'aws.amazon.com/codebuild/pricing, as quoted by c3x.dev/resources/aws/aws_codebuild_project (amd64)',
};

function same(usd: number): Record<Region, number> {
  return { 'us-east-1': usd, 'eu-west-1': usd };
}

export const PRICES = {
  lambdaGbSecond: { unit: 'GB-second of a function on arm64', usd: same(0.0000133334), source: LAMBDA },
  lambdaMillionRequests: { unit: 'million invocations', usd: same(0.2), source: LAMBDA },
  durableMillionOperations: { unit: 'million durable operations', usd: same(8), source: 'unconfirmed' },
  durableGbWritten: { unit: 'GB written by durable operations', usd: same(0.25), source: 'unconfirmed' },
  durableGbMonth: { unit: 'GB-month of durable histories', usd: same(0.15), source: 'unconfirmed' },
  dynamoMillionWrites: {
    unit: 'million write units of DynamoDB',
    usd: { 'us-east-1': 0.625, 'eu-west-1': 0.705 },
    source: DYNAMODB,
  },
  dynamoMillionReads: {
    unit: 'million read units of DynamoDB',
    usd: { 'us-east-1': 0.125, 'eu-west-1': 0.1415 },
    source: DYNAMODB,
  },
  ecrGbMonth: { unit: 'GB-month of images in ECR', usd: same(0.1), source: 'unconfirmed' },
  logsGb: {
    unit: 'GB of logs taken in by CloudWatch',
    usd: { 'us-east-1': 0.5, 'eu-west-1': 0.57 },
    source: 'unconfirmed',
  },
  alarmMonth: { unit: 'metric of an alarm and month', usd: same(0.1), source: 'unconfirmed' },
  compositeAlarmMonth: { unit: 'composite alarm and month', usd: same(0.5), source: 'unconfirmed' },
  metricMonth: { unit: 'metric of Fairlead’s own and month', usd: same(0.3), source: 'unconfirmed' },
  dashboardMonth: { unit: 'dashboard and month', usd: same(3), source: 'unconfirmed' },
  secretMonth: { unit: 'secret and month', usd: same(0.4), source: 'unconfirmed' },
  secretCalls: { unit: '10,000 calls to Secrets Manager', usd: same(0.05), source: 'unconfirmed' },
  eksHour: { unit: 'hour of an EKS control plane', usd: same(0.1), source: EKS },
  nodeHour: {
    unit: 'hour of a node in Auto Mode, c6a.large and the fee for it',
    usd: { 'us-east-1': 0.0857, 'eu-west-1': 0.0921 },
    source: 'unconfirmed',
  },
  natHour: {
    unit: 'hour of a NAT gateway',
    usd: { 'us-east-1': 0.045, 'eu-west-1': 0.048 },
    source: 'unconfirmed',
  },
  ipHour: { unit: 'hour of a public IPv4 address', usd: same(0.005), source: 'unconfirmed' },
  // The machine for amd64; what one for arm64 costs was found nowhere.
  codeBuildMinute: { unit: 'minute of CodeBuild, medium', usd: same(0.01), source: CODEBUILD },
  microVmVcpuHour: { unit: 'vCPU-hour of a Lambda MicroVM', usd: same(0.1), source: 'unconfirmed' },
  microVmGbHour: { unit: 'GB-hour of a Lambda MicroVM', usd: same(0.0132), source: 'unconfirmed' },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;
