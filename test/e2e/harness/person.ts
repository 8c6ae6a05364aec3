import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { runningClouds } from '../../../bin/running-clouds.ts';

/** AWS of the local cloud of the process `pid`, as the person has it who started that. */
export async function awsOf(pid: number) {
  const cloud = (await runningClouds()).find((running) => running.pid === pid);
  if (cloud === undefined) throw new Error(`the local cloud ${pid} has left no word`);
  const { region, accessKeyId, secretAccessKey, endpoints } = cloud;
  const configuration = { region, credentials: { accessKeyId, secretAccessKey } };
  return {
    cloudWatch: new CloudWatchClient({
      ...configuration,
      endpoint: endpoints.AWS_ENDPOINT_URL_CLOUDWATCH ?? '',
    }),
    secrets: new SecretsManagerClient({
      ...configuration,
      endpoint: endpoints.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? '',
    }),
  };
}
