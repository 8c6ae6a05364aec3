import type { Asked, Authorize } from '../registry/authorize.ts';
import type { Admission, Principal } from './admission.ts';
import { type Allowing, permits } from './permits.ts';
import type { Place } from './service.ts';

/** Registry passwords that ECR gave out (GetAuthorizationToken), and whom each speaks for. */
export class RegistryPasswords {
  readonly #principals = new Map<string, Principal>();

  add(password: string, principal: Principal): void {
    this.#principals.set(password, principal);
  }

  find(password: string): Principal | undefined {
    return this.#principals.get(password);
  }
}

export interface RegistryDoorOptions extends Place {
  admission: Admission;
  passwords: RegistryPasswords;
  /** What sessions of a role may do, by the role's ARN; roles that are not here may do everything. */
  roles: Readonly<Record<string, readonly Allowing[]>>;
}

type Named = { action: string; repository: string };

/**
 * Who may do what in the registry behind ECR, as its front door has it: requests of the distribution protocol are calls of
 * ECR's API to IAM (Amazon ECR User Guide, "Private repository policy examples"; Service Authorization Reference, "Amazon
 * ECR"). Who comes without ECR's password is somebody of this machine: its nodes, and people who push base images.
 */
export function registryDoor({
  admission,
  passwords,
  roles,
  region,
  account,
}: RegistryDoorOptions): Authorize {
  const created = new Set<string>();
  const arnOf = (repository: string) => `arn:aws:ecr:${region}:${account}:repository/${repository}`;
  return (header, action, repository, request) => {
    const said = basic(header);
    if (said === undefined || said.name !== 'AWS') return 'allowed';
    const caller = passwords.find(said.password);
    if (caller === undefined) return 'unauthenticated';
    if (repository === undefined) return 'allowed';
    const named = [...actionsFor(action, request), ...creating(action, repository, request, created)];
    const calls = named.map((name): Named => ({ action: name, repository }));
    const known = caller.role === undefined ? undefined : roles[caller.role];
    const refused = calls.some(
      (call) =>
        known !== undefined &&
        !permits(known, caller.tags ?? {}, `ecr:${call.action}`, arnOf(call.repository)),
    );
    if (refused) return 'denied';
    for (const call of calls)
      admission.record({ service: 'ecr', action: call.action, resource: arnOf(call.repository) }, caller);
    if (calls.some((call) => call.action === 'CreateRepository')) created.add(repository);
    return 'allowed';
  };
}

/** ECR's actions for a request; a mount takes reading the layer at its source (User Guide, "Blob mounting"). */
function actionsFor(action: string, request: Asked | undefined): string[] {
  if (request === undefined) return ['GetDownloadUrlForLayer'];
  const { route, method, query } = request;
  if (action === 'delete' && route.kind !== 'upload') return ['BatchDeleteImage'];
  switch (route.kind) {
    case 'tags':
      return ['ListImages'];
    case 'referrers':
      return ['ListImageReferrers'];
    case 'manifest':
      return [method === 'PUT' ? 'PutImage' : 'BatchGetImage'];
    case 'blob':
      return [method === 'HEAD' ? 'BatchCheckLayerAvailability' : 'GetDownloadUrlForLayer'];
    case 'uploads':
      return query.has('digest')
        ? ['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload']
        : ['InitiateLayerUpload'];
    case 'upload':
      return method === 'PUT' ? ['UploadLayerPart', 'CompleteLayerUpload'] : ['UploadLayerPart'];
    default:
      return [];
  }
}

/** The prefix under which ECR fetches images of another registry, when they are asked for (pull-through cache). */
const MIRRORED = 'docker.io/';

/** A repository comes into being with what is first pushed to it, or is first fetched into it. */
function creating(
  action: string,
  repository: string,
  request: Asked | undefined,
  created: ReadonlySet<string>,
): string[] {
  const isNew = !created.has(repository);
  if (action === 'push') return isNew ? ['CreateRepository'] : [];
  if (!repository.startsWith(MIRRORED) || request?.route.kind !== 'manifest') return [];
  return isNew ? ['BatchImportUpstreamImage', 'CreateRepository'] : ['BatchImportUpstreamImage'];
}

function basic(header: string | undefined): { name: string; password: string } | undefined {
  const [, encoded] = /^Basic (.+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, name = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return { name, password };
}
