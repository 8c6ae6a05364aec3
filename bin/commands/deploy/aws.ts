import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { STSClient } from '@aws-sdk/client-sts';

/** AWS in one region, as whoever runs the command. */
export interface Aws {
  region: string;
  cloudFormation: CloudFormationClient;
  ecr: ECRClient;
  eks: EKSClient;
  iam: IAMClient;
  lambda: LambdaClient;
  logs: CloudWatchLogsClient;
  sts: STSClient;
}

export function awsIn(region: string): Aws {
  return {
    region,
    cloudFormation: new CloudFormationClient({ region }),
    ecr: new ECRClient({ region }),
    eks: new EKSClient({ region }),
    iam: new IAMClient({ region }),
    lambda: new LambdaClient({ region }),
    logs: new CloudWatchLogsClient({ region }),
    sts: new STSClient({ region }),
  };
}
