import type { HostKind } from '../host-kind.ts';

/** What an installation says about environments beside production. */
export interface Previews {
  /** Who gets one: nobody, every branch, or every branch with an open pull request. Forks need a person's word on top. */
  of: 'off' | 'branches' | 'pull-requests';
  /** Patterns of the branches that get one: `*` stands for anything but `/`, `**` for anything. */
  branches: readonly string[];
  /** Seconds after its last deployment that a preview is removed. */
  ttl: number;
  /** Previews that one app may have at a time: a robot can push a hundred branches. */
  most: number;
  /** What all pods of one preview may ask for together, in Kubernetes' notation. */
  quota: { cpu: string; memory: string; pods: number };
}

/** Without a word of the installation: previews cost money, and show what is not finished. */
export const NO_PREVIEWS: Previews = {
  of: 'off',
  branches: ['**'],
  ttl: 3 * 86_400,
  most: 20,
  quota: { cpu: '1', memory: '1Gi', pods: 10 },
};

/** The hosts whose pull requests can have previews; branches can have them everywhere. */
export const PULL_REQUEST_HOSTS: readonly HostKind[] = ['github'];

/** The label of a pull request that asks for a preview of a branch. */
export const LABEL = 'preview';

/** Whether a branch of that name gets a preview. */
export function admits({ branches }: Pick<Previews, 'branches'>, branch: string): boolean {
  return branches.some((pattern) => matches(pattern, branch));
}

/** Not a regular expression made of the pattern: one with many stars would take its time. */
function matches(pattern: string, name: string): boolean {
  // reached[j]: the part of the pattern that was read so far matches the first j characters of the name.
  let reached: boolean[] = Array.from({ length: name.length + 1 }, (_, at) => at === 0);
  for (const token of pattern.match(/\*\*|./gs) ?? []) {
    const next = reached.map(() => false);
    for (let at = 0; at <= name.length; at++) {
      if (token === '**') next[at] = reached[at] === true || next[at - 1] === true;
      else if (token === '*')
        next[at] = reached[at] === true || (next[at - 1] === true && name[at - 1] !== '/');
      else next[at] = reached[at - 1] === true && name[at - 1] === token;
    }
    reached = next;
  }
  return reached[name.length] === true;
}
