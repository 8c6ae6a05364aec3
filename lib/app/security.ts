import { badField } from './bad-field.ts';
import type { Said } from './schema.ts';
import type { ImageFacts, Process, Security } from './types.ts';

/** The one capability that the standard lets containers have. */
const ALLOWED = 'NET_BIND_SERVICE';

/**
 * How far the app's containers are locked in: as far as the image lets them where nothing is said.
 * @throws FairleadError `app/bad-file` where `security: restricted` is said and cannot be
 */
export function securityOf(said: Said, { user }: ImageFacts, processes: readonly Process[]): Security {
  const own = isNumber(user) ? 'non-root' : 'image';
  if (said.security === 'as-is') return { standard: 'as-is', runAs: said.user ?? 'image' };
  const runAs = said.user ?? own;
  if (said.security === 'restricted') {
    if (runAs === 'image') throw noNumber(user);
    for (const { name, capabilities } of processes) refuseCapabilities(name, capabilities);
  }
  return { standard: 'restricted', runAs };
}

// The kubelet cannot tell who a name is: it refuses `runAsNonRoot` for users that are not numbers.
function isNumber(user = ''): boolean {
  const id = /^(\d+)(:.*)?$/.exec(user)?.[1];
  return id !== undefined && Number(id) !== 0;
}

function noNumber(user = '') {
  const cause =
    /^[^:\d]/.test(user) && !/^root(:|$)/.test(user)
      ? `the image's user is the name '${user}', and the cluster cannot tell whether that is root`
      : "the image's user is root, which the standard does not allow";
  const remedy = 'write `user: 65532` to fairlead.yaml, or `USER 65532` to the end of the Dockerfile';
  return badField('security', cause, remedy);
}

function refuseCapabilities(name: string, capabilities: readonly string[]): void {
  const beyond = capabilities.filter((capability) => capability !== ALLOWED);
  if (beyond.length === 0) return;
  throw badField(
    'capabilities',
    `the process ${name} keeps ${beyond.join(', ')}, and the standard allows ${ALLOWED} alone`,
    'leave out the capabilities, or `security: restricted`',
  );
}
