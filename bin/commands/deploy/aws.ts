import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { STSClient } from '@aws-sdk/client-sts';

/** AWS in one region, as whoever runs the command. */
export interface Aws {
  region: string;
  /** The one that was named by --profile; commands that people are told have to say it, too. */
  profile?: string;
  cloudFormation: CloudFormationClient;
  ec2: EC2Client;
  ecr: ECRClient;
  eks: EKSClient;
  iam: IAMClient;
  lambda: LambdaClient;
  logs: CloudWatchLogsClient;
  sts: STSClient;
}

export function awsIn(region: string, profile?: string): Aws {
  return {
    region,
    ...(profile !== undefined && { profile }),
    cloudFormation: new CloudFormationClient({ region }),
    ec2: new EC2Client({ region }),
    ecr: new ECRClient({ region }),
    eks: new EKSClient({ region }),
    iam: new IAMClient({ region }),
    lambda: new LambdaClient({ region }),
    logs: new CloudWatchLogsClient({ region }),
    sts: new STSClient({ region }),
  };
}

/** A command for a person to run, in the account that this one acts in. Pure. */
export function asProfile({ profile }: Pick<Aws, 'profile'>, command: string): string {
  if (profile === undefined) return command;
  const word = /^[\w.@/+-]+$/.test(profile) ? profile : `'${profile.replaceAll("'", "'\\''")}'`;
  return `AWS_PROFILE=${word} ${command}`;
}
