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
  const secrets = new Secrets(place);
  for (const [name, text] of Object.entries(initial)) addVersion(secrets.add(name), { SecretString: text });
  // IAM is asked about the secret's full ARN, whichever way the caller named it.
  const resource = (input: Input) => {
    const id = optional(input, 'SecretId') ?? '';
    return secrets.lookUp(id)?.arn ?? secretArn(place, id);
  };
  return {
    iam: 'secretsmanager',
    protocol: awsJson('1.1'),
    operations: {
      GetSecretValue: { resource, run: (input) => value(secrets.find(input), input) },
      PutSecretValue: { resource, run: (input) => put(secrets.find(input), input) },
      UpdateSecretVersionStage: { resource, run: (input) => moveStage(secrets.find(input), input) },
      DescribeSecret: { resource, run: (input) => description(secrets.find(input)) },
      CreateSecret: {
        resource: (input) => secretArn(place, optional(input, 'Name') ?? ''),
        run: (input) => create(secrets, input),
      },
    },
  };
}

class Secrets {
  readonly #place: Place;
  readonly #byName = new Map<string, Secret>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** By name or ARN. */
  lookUp(id: string): Secret | undefined {
    return this.#byName.get(id) ?? [...this.#byName.values()].find(({ arn }) => isArnOf(id, arn));
  }

  find(input: Input): Secret {
    const secret = this.lookUp(required(input, 'SecretId'));
    if (secret !== undefined) return secret;
    throw notFound("Secrets Manager can't find the specified secret.");
  }

  add(name: string, description?: string): Secret {
    if (this.#byName.has(name))
      throw new AwsError(
        'ResourceExistsException',
        `The operation failed because the secret ${name} already exists.`,
      );
    const secret = {
      arn: secretArn(this.#place, name),
      name,
      description,
      createdAt: Date.now() / 1000,
      versions: [],
    };
    this.#byName.set(name, secret);
    return secret;
  }
}

function create(secrets: Secrets, input: Input) {
  const secret = secrets.add(required(input, 'Name'), optional(input, 'Description'));
  const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
  return { ...identity(secret), VersionId: hasValue ? addVersion(secret, input).id : undefined };
}

function put(secret: Secret, input: Input) {
  const version = addVersion(secret, input);
  return { ...identity(secret), VersionId: version.id, VersionStages: [...version.stages] };
}

// The six characters that AWS adds at random are taken from the name, so that an ARN stays the same over restarts.
export function secretArn({ region, account }: Place, name: string): string {
  if (name.startsWith('arn:')) return name;
  const suffix = createHash('sha256').update(name).digest('base64').replace(/[+/]/g, 'x').slice(0, 6);
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}

/** A caller may leave out the six characters at the end. */
const isArnOf = (id: string, arn: string) => id === arn || id === arn.slice(0, -7);

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

/** Takes a stage from one version, or gives it to another; AWSCURRENT is always somewhere. */
function moveStage(secret: Secret, input: Input) {
  const stage = required(input, 'VersionStage');
  const [from, to] = [optional(input, 'RemoveFromVersionId'), optional(input, 'MoveToVersionId')];
  const invalid = (message: string) => new AwsError('InvalidParameterException', message);
  if (from === undefined && to === undefined)
    throw invalid('You must provide a version to move the stage from or to.');
  const [holder, target] = [from, to].map((id) => secret.versions.find((version) => version.id === id));
  if ((from && holder === undefined) || (to && target === undefined))
    throw notFound('There is no such version.');
  const now = secret.versions.find(({ stages }) => stages.has(stage));
  if (now !== undefined && now !== holder && now !== target)
    throw invalid(`The stage ${stage} is at ${now.id}.`);
  if (from && !holder?.stages.has(stage))
    throw invalid(`The version ${from} does not have the stage ${stage}.`);
  if (stage === 'AWSCURRENT' && target === undefined) throw invalid('AWSCURRENT can only be moved.');
  holder?.stages.delete(stage);
  target?.stages.add(stage);
  if (stage === 'AWSCURRENT' && holder !== undefined && holder !== target) {
    for (const version of secret.versions) version.stages.delete('AWSPREVIOUS');
    holder.stages.add('AWSPREVIOUS');
  }
  return identity(secret);
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
