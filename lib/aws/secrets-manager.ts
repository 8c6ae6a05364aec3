import { callJson } from './call.ts';
import type { Aws } from './types.ts';

/** Which version of a secret: by its stage, by its id, or the current one. */
export type Version = { stage: 'AWSCURRENT' | 'AWSPREVIOUS' } | { id: string };

/** A secret's value has one of these. */
export interface SecretValue {
  text?: string;
  bytes?: Uint8Array;
  /** When this version of it was made; ms since the epoch. */
  createdAt?: number;
}

/** "GetSecretValue", AWS Secrets Manager API Reference. `id` is a name or an ARN. */
export async function getSecretValue(aws: Aws, id: string, version?: Version): Promise<SecretValue> {
  const which = version && ('stage' in version ? { VersionStage: version.stage } : { VersionId: version.id });
  const answer = await callJson(aws, 'secretsmanager', 'secretsmanager.GetSecretValue', {
    SecretId: id,
    ...which,
  });
  const { SecretString: text, SecretBinary: binary, CreatedDate: created } = answer;
  return {
    ...(typeof created === 'number' && { createdAt: created * 1000 }),
    ...(typeof text === 'string' && { text }),
    ...(typeof binary === 'string' && { bytes: Buffer.from(binary, 'base64') }),
  };
}

/** The stages of a secret's versions, by their ids ("DescribeSecret"). */
export async function stagesOf(aws: Aws, id: string): Promise<Record<string, string[]>> {
  const answer = await callJson(aws, 'secretsmanager', 'secretsmanager.DescribeSecret', { SecretId: id });
  return (answer.VersionIdsToStages ?? {}) as Record<string, string[]>;
}
