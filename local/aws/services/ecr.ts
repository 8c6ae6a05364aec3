import { randomBytes } from 'node:crypto';
import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required, strings } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { RegistryPasswords } from '../registry-door.ts';
import type { Place, Service } from '../service.ts';
import { type RegistryReader, readRegistry, type StoredImage } from './registry-reader.ts';

/** The OCI registry that stands behind ECR. */
export interface RegistryAddress {
  /** As in image references: `localhost:5000`. */
  host: string;
  /** `http://localhost:5000` */
  url: string;
}

interface Repository {
  repositoryArn: string;
  registryId: string;
  repositoryName: string;
  repositoryUri: string;
  /** Seconds since 1970. */
  createdAt: number;
  imageTagMutability: 'MUTABLE' | 'IMMUTABLE';
}

const TOKEN_SECONDS = 12 * 3600;
const arnOf = ({ region, account }: Place, name: string) =>
  `arn:aws:ecr:${region}:${account}:repository/${name}`;

/**
 * Amazon ECR over the local registry. Repositories exist once they were created here or pushed to there
 * (create on push); images are what the registry says.
 */
export function ecr(place: Place, registry: RegistryAddress, passwords: RegistryPasswords): Service {
  const repositories = new Repositories(place, registry);
  return {
    iam: 'ecr',
    protocol: awsJson('1.1'),
    operations: {
      GetAuthorizationToken: {
        run: (_, caller) => {
          const password = randomBytes(48).toString('base64url');
          passwords.add(password, caller);
          return { authorizationData: [authorization(registry.url, password)] };
        },
      },
      ...repositoryOperations(place, repositories),
      ...imageOperations(place, repositories),
    },
  };
}

class Repositories {
  readonly reader: RegistryReader;
  readonly #place: Place;
  readonly #host: string;
  readonly #known = new Map<string, Repository>();

  constructor(place: Place, { host, url }: RegistryAddress) {
    this.reader = readRegistry(url);
    this.#place = place;
    this.#host = host;
  }

  async names(): Promise<string[]> {
    return [...new Set([...this.#known.keys(), ...(await this.reader.repositories())])].sort();
  }

  async find(name: string): Promise<Repository> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if ((await this.reader.repositories()).includes(name)) return this.#add(name);
    throw new AwsError(
      'RepositoryNotFoundException',
      `The repository with name '${name}' does not exist in the registry with id '${this.#place.account}'`,
    );
  }

  create(name: string, mutability: string | undefined): Repository {
    if (!this.#known.has(name)) return this.#add(name, mutability);
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${this.#place.account}'`,
    );
  }

  #add(name: string, mutability?: string): Repository {
    const repository: Repository = {
      repositoryArn: arnOf(this.#place, name),
      registryId: this.#place.account,
      repositoryName: name,
      repositoryUri: `${this.#host}/${name}`,
      createdAt: Date.now() / 1000,
      imageTagMutability: mutability === 'IMMUTABLE' ? 'IMMUTABLE' : 'MUTABLE',
    };
    this.#known.set(name, repository);
    return repository;
  }
}

function repositoryOperations(place: Place, repositories: Repositories): Service['operations'] {
  return {
    CreateRepository: {
      resource: (input) => arnOf(place, optional(input, 'repositoryName') ?? '*'),
      run: (input) => ({
        repository: repositories.create(
          required(input, 'repositoryName'),
          optional(input, 'imageTagMutability'),
        ),
      }),
    },
    DescribeRepositories: {
      resource: (input) => arnOf(place, strings(input, 'repositoryNames')[0] ?? '*'),
      run: async (input) => {
        const wanted = strings(input, 'repositoryNames');
        const names = wanted.length > 0 ? wanted : await repositories.names();
        return { repositories: await Promise.all(names.map((name) => repositories.find(name))) };
      },
    },
  };
}

function imageOperations(place: Place, repositories: Repositories): Service['operations'] {
  const resource = (input: Input) => arnOf(place, optional(input, 'repositoryName') ?? '*');
  const wanted = async (input: Input) => {
    const repository = await repositories.find(required(input, 'repositoryName'));
    return select(await imagesOf(repository, repositories.reader), input);
  };
  return {
    DescribeImages: {
      resource,
      run: async (input) => ({ imageDetails: (await wanted(input)).found.map((image) => details(image)) }),
    },
    ListImages: {
      resource,
      run: async (input) => ({
        imageIds: (await wanted(input)).found.flatMap(({ digest, tags }) =>
          tags.map((imageTag) => ({ imageDigest: digest, imageTag })),
        ),
      }),
    },
    BatchGetImage: {
      resource,
      run: async (input) => {
        const { found, failures } = await wanted({ ...input, lenient: true });
        return { images: found.map((image) => whole(image)), failures };
      },
    },
  };
}

function authorization(proxyEndpoint: string, password: string) {
  return {
    authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
    expiresAt: Math.floor(Date.now() / 1000) + TOKEN_SECONDS,
    proxyEndpoint,
  };
}

interface KnownImage extends StoredImage {
  repository: Repository;
}

async function imagesOf(repository: Repository, reader: RegistryReader): Promise<KnownImage[]> {
  const stored = await reader.images(repository.repositoryName);
  return stored.map((image) => ({ ...image, repository }));
}

/** The images that `imageIds` names (all, without it); one that is not there is an error, or a failure when lenient. */
function select(images: KnownImage[], input: Input) {
  const ids = list(input, 'imageIds').map(object);
  const failures: unknown[] = [];
  const found = new Set<KnownImage>(ids.length === 0 ? images : []);
  for (const id of ids) {
    const digest = optional(id, 'imageDigest');
    const tag = optional(id, 'imageTag');
    const hit = images.find(
      (image) =>
        (digest === undefined || image.digest === digest) && (tag === undefined || image.tags.includes(tag)),
    );
    if (hit !== undefined) found.add(hit);
    else if (input.lenient === true)
      failures.push({
        imageId: id,
        failureCode: 'ImageNotFound',
        failureReason: 'Requested image not found',
      });
    else
      throw new AwsError(
        'ImageNotFoundException',
        `The image with imageId ${JSON.stringify(id)} does not exist`,
      );
  }
  return { found: [...found], failures };
}

function details({ repository, digest, tags, mediaType, bytes }: KnownImage) {
  return {
    registryId: repository.registryId,
    repositoryName: repository.repositoryName,
    imageDigest: digest,
    imageTags: tags,
    imageManifestMediaType: mediaType,
    imageSizeInBytes: bytes,
    imagePushedAt: repository.createdAt,
  };
}

function whole({ repository, digest, tags, mediaType, manifest }: KnownImage) {
  return {
    registryId: repository.registryId,
    repositoryName: repository.repositoryName,
    imageId: { imageDigest: digest, imageTag: tags[0] },
    imageManifest: manifest,
    imageManifestMediaType: mediaType,
  };
}
