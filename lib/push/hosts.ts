import { github } from './hosts/github/github.ts';
import type { Headers, Host } from './types.ts';

/** In the order in which they are asked: a host that also sends another's headers comes before it. */
const hosts: readonly Host[] = [github];

/** The kind of git host that a request claims to come from. */
export function hostOf(headers: Headers): Host | undefined {
  return hosts.find((host) => host.speaks(headers));
}
