/** The kinds of git hosts that Fairlead deploys from. An installation has one host of a kind at most. */
export const HOST_KINDS = ['github', 'gitlab', 'bitbucket', 'gitea', 'codecommit'] as const;

export type HostKind = (typeof HOST_KINDS)[number];

/** As people call them. Gitea's is Forgejo's, too; Bitbucket is Bitbucket Cloud. */
export const HOST_NAMES: Readonly<Record<HostKind, string>> = {
  github: 'GitHub',
  gitlab: 'GitLab',
  bitbucket: 'Bitbucket',
  gitea: 'Gitea',
  codecommit: 'CodeCommit',
};
