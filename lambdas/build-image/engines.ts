import { LambdaMicrovmsClient } from '@aws-sdk/client-lambda-microvms';
import type { Aws } from '../../lib/aws/types.ts';
import { CodeBuildEngine } from '../../lib/engine/codebuild/engine.ts';
import { Control } from '../../lib/engine/microvm/control.ts';
import { type Access, MicrovmEngine } from '../../lib/engine/microvm/engine.ts';
import { Fleet } from '../../lib/engine/microvm/fleet.ts';
import type { Order } from '../../lib/engine/microvm/protocol.ts';
import type { RemoteEngine, RemoteJob } from '../../lib/engine/types.ts';
import { parsePlatform } from '../../lib/image/platform.ts';
import { parseRepository } from '../../lib/image/reference.ts';
import type { CredentialSource } from '../../lib/registry/credentials.ts';
import type { Registries } from '../../lib/registry/registries.ts';
import type { buildImageEnvironment } from '../env.ts';
import { Secret } from '../secret.ts';
import { lentCredentials } from './lent.ts';

type Environment = ReturnType<typeof buildImageEnvironment>;

/** What reads the git host and the registries here, and is lent to who builds in this function's place. */
export interface Lent {
  aws: Aws;
  token: () => Promise<string | undefined>;
  credentials: CredentialSource;
  registries: Registries;
}

/** The engines that the installation has beside the function, the first one first. */
export function remoteEngines(environment: Environment, lent: Lent): RemoteEngine[] {
  const engines: RemoteEngine[] = [];
  if (environment.microVm !== undefined) engines.push(microvmEngine(environment, environment.microVm, lent));
  if (environment.codeBuildProject !== undefined)
    engines.push(codeBuildEngine(environment, environment.codeBuildProject, lent));
  return engines;
}

function microvmEngine(
  environment: Environment,
  { image, platform, secretId }: NonNullable<Environment['microVm']>,
  lent: Lent,
): MicrovmEngine {
  const secret = new Secret(lent.aws, secretId);
  const fleet = new Fleet({
    control: new Control(new LambdaMicrovmsClient({})),
    image,
    secret: async () => (await secret.current()) ?? '',
  });
  const access = (job: RemoteJob) => accessOf(job, environment, lent);
  return new MicrovmEngine({ fleet, machine: parsePlatform(platform), access });
}

/** It reads the git host's token itself. */
function codeBuildEngine(environment: Environment, project: string, { registries }: Lent): CodeBuildEngine {
  const { gitHubUrl, gitHubTokenSecretId, mirrors, insecure } = environment;
  return new CodeBuildEngine({
    project,
    registries,
    hostApiUrl: gitHubUrl,
    mirrors,
    insecure,
    ...(gitHubTokenSecretId === undefined ? {} : { hostTokenSecretId: gitHubTokenSecretId }),
  });
}

/** What a build outside of this function takes from outside: for the hosts of this installation, and no others. */
async function accessOf(
  job: RemoteJob,
  { gitHubUrl, mirrors, insecure, network, isolation, microVm }: Environment,
  lent: Lent,
): Promise<Access> {
  const token = await lent.token();
  const { lentRole } = microVm ?? {};
  const credentialsOf =
    lentRole === undefined ? lent.credentials : await lentCredentials(lentRole, job, Object.keys(mirrors));
  const hosts = [job.request.publishTo, ...Object.values(mirrors).map((prefix) => `${prefix}/x`)];
  const named = new Set(hosts.map((repository) => parseRepository(repository).host));
  const credentials: Order['registries']['credentials'] = [];
  for (const host of named) {
    const found = await credentialsOf(host);
    if (found !== undefined) credentials.push({ host, ...found });
  }
  return {
    source: { baseUrl: gitHubUrl, ...(token === undefined ? {} : { token }) },
    network,
    isolation,
    registries: { mirrors, insecure, credentials },
  };
}
