import { FairleadError } from '../errors.ts';
import { HOST_NAMES, type HostKind } from '../host-kind.ts';
import { Bitbucket } from './bitbucket/bitbucket.ts';
import { CodeCommit } from './codecommit/codecommit.ts';
import type { Access, Forge } from './forge.ts';
import { Gitea } from './gitea/gitea.ts';
import { GitHub } from './github/github.ts';
import { GitLab } from './gitlab/gitlab.ts';

/** The host of that kind. @throws FairleadError `source/unknown-host` */
export function forgeOf(kind: HostKind, access: Access | undefined): Forge {
  if (access === undefined) throw unknownHost(kind);
  switch (kind) {
    case 'github':
      return new GitHub(access);
    case 'codecommit':
      return new CodeCommit(access);
    case 'gitlab':
      return new GitLab(access);
    case 'bitbucket':
      return new Bitbucket(access);
    case 'gitea':
      return new Gitea(access);
  }
}

function unknownHost(kind: HostKind): FairleadError {
  return new FairleadError({
    code: 'source/unknown-host',
    operation: `asking ${HOST_NAMES[kind]}`,
    cause: 'the installation has no such host',
    remedy: 'name the host in `hosts` of fairlead.config.ts, and deploy the installation again',
  });
}
