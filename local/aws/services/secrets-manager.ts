import { createHash, randomUUID } from 'node:crypto';
import { AwsError } from '../error.ts';
import { type Input, optional, required } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';

interface Version {
  id: string;
  text?: string;
  /** Base64. */
  binary?: string;
  /** Seconds since 1970. */
  createdAt: number;
  stages: Set<string>;
}

interface Secret {
  arn: string;
  name: string;
  description?: string;
  createdAt: number;
  versions: Version[];
}

/** AWS Secrets Manager with the secrets given by name; versions move through AWSCURRENT and AWSPREVIOUS. */
export function secretsManager(place: Place, initial: Readonly<Record<string, string>>): Service {
  const secrets = new Map<string, Secret>();
  for (const [name, text] of Object.entries(initial)) {
    const secret = create(place, name);
    addVersion(secret, { SecretString: text });
    secrets.set(name, secret);
  }
  const find = (input: Input): Secret => {
    const id = required(input, 'SecretId');
    const secret = secrets.get(id) ?? [...secrets.values()].find(({ arn }) => isArnOf(id, arn));
    if (secret !== undefined) return secret;
    throw notFound("Secrets Manager can't find the specified secret.");
  };
  // IAM is asked about the secret's full ARN, whichever way the caller named it.
  const resource = (input: Input) => {
    const id = optional(input, 'SecretId') ?? '';
    return (
      (secrets.get(id) ?? [...secrets.values()].find(({ arn }) => isArnOf(id, arn)))?.arn ?? arnOf(place, id)
    );
  };

  return {
    iam: 'secretsmanager',
    protocol: awsJson('1.1'),
    operations: {
      GetSecretValue: { resource, run: (input) => value(find(input), input) },
      PutSecretValue: {
        resource,
        run: (input) => {
          const secret = find(input);
          const version = addVersion(secret, input);
          return { ...identity(secret), VersionId: version.id, VersionStages: [...version.stages] };
        },
      },
      DescribeSecret: { resource, run: (input) => description(find(input)) },
      CreateSecret: {
        resource: (input) => arnOf(place, optional(input, 'Name') ?? ''),
        run: (input) => {
          const name = required(input, 'Name');
          if (secrets.has(name))
            throw new AwsError(
              'ResourceExistsException',
              `The operation failed because the secret ${name} already exists.`,
            );
          const secret = create(place, name, optional(input, 'Description'));
          secrets.set(name, secret);
          const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
          return { ...identity(secret), VersionId: hasValue ? addVersion(secret, input).id : undefined };
        },
      },
    },
  };
}

// The six characters that AWS adds at random are taken from the name, so that an ARN stays the same over restarts.
function arnOf({ region, account }: Place, name: string): string {
  const suffix = createHash('sha256').update(name).digest('base64').replace(/[+/]/g, 'x').slice(0, 6);
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}

/** A caller may leave out the six characters at the end. */
const isArnOf = (id: string, arn: string) => id === arn || id === arn.slice(0, -7);

const create = (place: Place, name: string, description?: string): Secret => ({
  arn: arnOf(place, name),
  name,
  description,
  createdAt: Date.now() / 1000,
  versions: [],
});

const identity = ({ arn, name }: Secret) => ({ ARN: arn, Name: name });

/** Adds a version that becomes AWSCURRENT; the one that was so becomes AWSPREVIOUS. The same token again changes nothing. */
function addVersion(secret: Secret, input: Input): Version {
  const id = optional(input, 'ClientRequestToken') ?? randomUUID();
  const text = optional(input, 'SecretString');
  const binary = optional(input, 'SecretBinary');
  if ((text === undefined) === (binary === undefined))
    throw new AwsError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.');
  const known = secret.versions.find((version) => version.id === id);
  if (known !== undefined) {
    if (known.text === text && known.binary === binary) return known;
    throw new AwsError('ResourceExistsException', `The version ${id} already exists with another value.`);
  }
  for (const version of secret.versions) {
    version.stages.delete('AWSPREVIOUS');
    if (version.stages.delete('AWSCURRENT')) version.stages.add('AWSPREVIOUS');
  }
  const version = { id, text, binary, createdAt: Date.now() / 1000, stages: new Set(['AWSCURRENT']) };
  // AWS forgets versions without a stage too.
  secret.versions = [version, ...secret.versions.filter(({ stages }) => stages.size > 0)];
  return version;
}

function value(secret: Secret, input: Input) {
  const id = optional(input, 'VersionId');
  const stage = optional(input, 'VersionStage') ?? (id === undefined ? 'AWSCURRENT' : undefined);
  const version = secret.versions.find(
    (candidate) =>
      (id === undefined || candidate.id === id) && (stage === undefined || candidate.stages.has(stage)),
  );
  if (version === undefined)
    throw notFound(`Secrets Manager can't find the specified secret value for staging label: ${stage ?? id}`);
  return {
    ...identity(secret),
    VersionId: version.id,
    SecretString: version.text,
    SecretBinary: version.binary,
    VersionStages: [...version.stages],
    CreatedDate: version.createdAt,
  };
}

function description(secret: Secret) {
  return {
    ...identity(secret),
    Description: secret.description,
    CreatedDate: secret.createdAt,
    LastChangedDate: secret.versions[0]?.createdAt ?? secret.createdAt,
    VersionIdsToStages: Object.fromEntries(secret.versions.map(({ id, stages }) => [id, [...stages]])),
  };
}

const notFound = (message: string) => new AwsError('ResourceNotFoundException', message);
