import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { versionsOf } from '../../../lambdas/deploy/secret-versions.ts';
import { Secret } from '../../../lambdas/secret.ts';
import { secretReader } from '../../../lambdas/secret-value.ts';
import { getSecretValue, stagesOf } from '../../../lib/aws/secrets-manager.ts';
import type { Part } from './suite.ts';

/** Secrets as an installation has them, made and rotated by the SDK's own client. */
export const secretsSuite: Part = (test, place) => {
  const name = () => `fairlead/web/${randomUUID()}`;
  const client = () => new SecretsManagerClient(place().client);
  const create = async (SecretString: string) => {
    const Name = name();
    return { Name, ...(await client().send(new CreateSecretCommand({ Name, SecretString }))) };
  };
  const rotate = async (SecretId: string, SecretString: string) =>
    await client().send(new PutSecretValueCommand({ SecretId, SecretString }));

  test('a value is read by its name, by its ARN, and by the ARN without its last letters', async () => {
    const { Name, ARN = '' } = await create('open sesame');
    for (const id of [Name, ARN, ARN.slice(0, -7)])
      expect(await getSecretValue(place().aws, id)).toMatchObject({ text: 'open sesame' });
  });

  test('after a rotation, the value before is the previous one', async () => {
    const { Name } = await create('one');
    await rotate(Name, 'two');
    const read = async (stage: 'AWSCURRENT' | 'AWSPREVIOUS') =>
      (await getSecretValue(place().aws, Name, { stage })).text;
    expect([await read('AWSCURRENT'), await read('AWSPREVIOUS')]).toEqual(['two', 'one']);
    await rotate(Name, 'three');
    expect([await read('AWSCURRENT'), await read('AWSPREVIOUS')]).toEqual(['three', 'two']);
  });

  test('both values are known of a secret that was rotated, and one of a new one', async () => {
    const { Name } = await create('one');
    const fresh = new Secret(place().aws, Name);
    expect(await fresh.all()).toEqual({ current: 'one' });
    await rotate(Name, 'two');
    const rotated = new Secret(place().aws, Name);
    expect(await rotated.current()).toBe('two');
    expect(await rotated.all()).toMatchObject({ current: 'two', previous: { value: 'one' } });
  });

  test('a release reads the version that it was made with, after a rotation, too', async () => {
    const { Name, VersionId = '' } = await create('one');
    expect(await versionsOf(place().aws, [Name])).toEqual({ [Name]: VersionId });
    const { VersionId: second = '' } = await rotate(Name, 'two');
    expect(await versionsOf(place().aws, [Name])).toEqual({ [Name]: second });
    expect(await stagesOf(place().aws, Name)).toEqual({
      [VersionId]: ['AWSPREVIOUS'],
      [second]: ['AWSCURRENT'],
    });
    const read = secretReader(place().aws);
    expect(await read(Name, VersionId)).toEqual({ is: 'text', text: 'one' });
  });

  test('a binary value is read as its bytes', async () => {
    const Name = name();
    const SecretBinary = new Uint8Array([0, 1, 254, 255]);
    await client().send(new CreateSecretCommand({ Name, SecretBinary }));
    const value = await secretReader(place().aws)(Name);
    expect(value).toEqual({ is: 'binary', bytes: Buffer.from(SecretBinary) });
  });

  test('a secret that is not there is told by its name', async () => {
    const absent = await getSecretValue(place().aws, name()).catch((error: unknown) => error);
    expect(absent).toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await secretReader(place().aws)(name())).toEqual({ is: 'gone' });
    await expect(new Secret(place().aws, name()).current()).rejects.toMatchObject({
      code: 'secret/unreadable',
    });
    await expect(versionsOf(place().aws, [name()])).rejects.toMatchObject({ code: 'secret/absent' });
  });

  test('a secret that is not there is refused with the status of a wrong request', async () => {
    await expect(getSecretValue(place().aws, name())).rejects.toMatchObject({ status: 400 });
  });

  test('a version that is not there is gone', async () => {
    const { Name } = await create('one');
    expect(await secretReader(place().aws)(Name, randomUUID())).toEqual({ is: 'gone' });
  });

  test('a secret without a value has no version to release with', async () => {
    const Name = name();
    await client().send(new CreateSecretCommand({ Name }));
    await expect(versionsOf(place().aws, [Name])).rejects.toMatchObject({ code: 'secret/absent' });
  });
};
