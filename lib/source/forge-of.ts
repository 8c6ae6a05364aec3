import { FairleadError } from '../errors.ts';
import { HOST_NAMES, type HostKind } from '../host-kind.ts';
import type { Access, Forge } from './forge.ts';
import { GitHub } from './github/github.ts';

/** The host of that kind. @throws FairleadError `source/unknown-host` */
export function forgeOf(kind: HostKind, access: Access | undefined): Forge {
  if (access === undefined) throw unknownHost(kind, 'the installation has no such host');
  switch (kind) {
    case 'github':
      return new GitHub(access);
    default:
      throw unknownHost(kind, 'nothing can be read from there');
  }
}

function unknownHost(kind: HostKind, cause: string): FairleadError {
  return new FairleadError({
    code: 'source/unknown-host',
    operation: `asking ${HOST_NAMES[kind]}`,
    cause,
    remedy: 'name the host in `hosts` of fairlead.config.ts, and deploy the installation again',
  });
}
