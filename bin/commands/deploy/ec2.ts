import { EC2ServiceException } from '@aws-sdk/client-ec2';

/**
 * What EC2 answers; nothing where whoever deploys may not ask it, which nobody has to: the CDK's roles do the rest. What is
 * looked at by it is then found out when it is deployed.
 */
export async function ifAllowed<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof EC2ServiceException && error.name === 'UnauthorizedOperation') return undefined;
    throw error;
  }
}
