import { GetAccountSettingCommand, PutAccountSettingCommand } from '@aws-sdk/client-ecr';
import { messageOf } from '../../../lib/errors.ts';
import { type Aws, asProfile } from './aws.ts';

/** A setting of the account's registry in a region, which CloudFormation does not know. */
const SETTING = 'BLOB_MOUNTING';

/**
 * Lets repositories of the registry share layers (Amazon ECR User Guide, "Blob mounting"), so that one app's base is not
 * sent again for another. Builds do without where it is off. Answers what there is to tell a person.
 */
export async function turnOnMounting(
  aws: Pick<Aws, 'ecr' | 'region' | 'profile'>,
): Promise<string | undefined> {
  const { ecr, region } = aws;
  try {
    const { value } = await ecr.send(new GetAccountSettingCommand({ name: SETTING }));
    if (value === 'ENABLED') return undefined;
    await ecr.send(new PutAccountSettingCommand({ name: SETTING, value: 'ENABLED' }));
    return 'ECR shares layers between repositories from now on';
  } catch (error) {
    const command = `aws ecr put-account-setting --name ${SETTING} --value ENABLED --region ${region}`;
    return `ECR does not share layers between repositories (${messageOf(error)}): builds do without. To turn it on: ${asProfile(aws, command)}`;
  }
}
