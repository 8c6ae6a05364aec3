import { LambdaMicrovmsClient } from '@aws-sdk/client-lambda-microvms';
import type { Aws } from '../../lib/aws/types.ts';
import { CodeBuildEngine } from '../../lib/engine/codebuild/engine.ts';
import type { LentLogin } from '../../lib/engine/codebuild/variables.ts';
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
import type { Forges } from '../forges.ts';
import { Secret } from '../secret.ts';
import { lentCredentials } from './lent.ts';
import { LentTable } from './lent-table.ts';

type Environment = ReturnType<typeof buildImageEnvironment>;

/** What reads the git host and the registries here, and is lent to who builds in this function's place. */
export interface Lent {
  aws: Aws;
  forges: Forges;
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

/** It reads the git host's token itself, unless that is made for a repository. */
function codeBuildEngine(environment: Environment, project: string, lent: Lent): CodeBuildEngine {
  const { hosts, mirrors, insecure, lentRole, lentTable } = environment;
  const table = lentTable === undefined ? undefined : new LentTable(lentTable);
  return new CodeBuildEngine({
    project,
    registries: lent.registries,
    ...(lentRole !== undefined &&
      table && {
        lend: async (job) =>
          lentLogin(job, lentRole, table, hostsOf(job, mirrors), await madeHeader(job, environment, lent)),
      }),
    hosts,
    mirrors,
    insecure,
  });
}

/** The hosts that a build publishes to and has its bases mirrored at. */
function hostsOf({ request }: RemoteJob, mirrors: Environment['mirrors']): string[] {
  const repositories = [request.publishTo, ...Object.values(mirrors).map((prefix) => `${prefix}/x`)];
  return [...new Set(repositories.map((repository) => parseRepository(repository).host))];
}

/** Leaves the password of a session for the job's app in `table`. It is one for all repositories of the account. */
async function lentLogin(
  job: RemoteJob,
  role: string,
  table: LentTable,
  hosts: readonly string[],
  authorization: string | undefined,
): Promise<LentLogin> {
  const credentialsOf = await lentCredentials(role, job);
  const found = await Promise.all(hosts.map(async (host) => ({ host, of: await credentialsOf(host) })));
  const known = found.flatMap(({ host, of }) => (of !== undefined && 'password' in of ? [{ host, of }] : []));
  const name = await table.leave(job.request.publishTo, {
    password: known[0]?.of.password ?? '',
    ...(authorization !== undefined && { authorization }),
  });
  return { table: table.name, name, hosts: known.map(({ host }) => host) };
}

/** What a build outside of this function takes from outside: for the hosts of this installation, and no others. */
async function accessOf(
  job: RemoteJob,
  { mirrors, insecure, network, isolation, lentRole }: Environment,
  lent: Lent,
): Promise<Access> {
  const source = await sourceOf(job, lent);
  const credentialsOf = lentRole === undefined ? lent.credentials : await lentCredentials(lentRole, job);
  const credentials: Order['registries']['credentials'] = [];
  for (const host of hostsOf(job, mirrors)) {
    const found = await credentialsOf(host);
    if (found !== undefined) credentials.push({ host, ...found });
  }
  return {
    source,
    network,
    isolation,
    registries: { mirrors, insecure, credentials },
  };
}

/** What is made for the one repository: the key of a GitHub App, and of AWS, is nobody's but this function's. */
async function madeHeader(
  { request: { repository } }: RemoteJob,
  { hosts }: Environment,
  { forges }: Lent,
): Promise<string | undefined> {
  const isGit = repository.host === 'codecommit';
  if (!isGit && hosts[repository.host]?.access !== 'app') return undefined;
  const token = await forges.accessTo(repository.host)?.token?.(repository);
  if (token === undefined) return undefined;
  return isGit ? `Basic ${Buffer.from(token).toString('base64')}` : `Bearer ${token}`;
}

async function sourceOf({ request }: RemoteJob, { forges }: Lent): Promise<Order['source']> {
  const access = forges.accessTo(request.repository.host);
  const token = await access?.token?.(request.repository);
  return { apiUrl: access?.apiUrl ?? '', ...(token === undefined ? {} : { token }) };
}
