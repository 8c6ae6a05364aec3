import { CloudWatchClient, ListTagsForResourceCommand } from '@aws-sdk/client-cloudwatch';

/** The tags of the alarm with the ARN `arn`. */
export async function tagsOf(arn: string): Promise<ReadonlyMap<string, string>> {
  const client = new CloudWatchClient({});
  const { Tags = [] } = await client.send(new ListTagsForResourceCommand({ ResourceARN: arn }));
  return new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
