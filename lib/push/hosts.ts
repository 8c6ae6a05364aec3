import { bitbucket } from './hosts/bitbucket/bitbucket.ts';
import { gitea } from './hosts/gitea/gitea.ts';
import { github } from './hosts/github/github.ts';
import { gitlab } from './hosts/gitlab/gitlab.ts';
import type { Headers, Host } from './types.ts';

/** In the order in which they are asked: Gitea also sends GitHub's headers. */
const hosts: readonly Host[] = [gitea, gitlab, bitbucket, github];

/** The kind of git host that a request claims to come from. */
export function hostOf(headers: Headers): Host | undefined {
  return hosts.find((host) => host.speaks(headers));
}
