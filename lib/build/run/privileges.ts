import type { RunInstruction } from '../../dockerfile/types.ts';
import type { Able } from '../../sandbox/ability.ts';
import { BuildFailure, excerpt } from '../failure.ts';
import type { Shared } from '../shared.ts';

/** What a Dockerfile may ask for only when whoever builds allows it (BuildKit, `entitlements`). */
export type Privilege = 'network.host' | 'security.insecure';

/**
 * Refuses a RUN that asks for more than it is allowed (`build/not-allowed`), and one that would have this machine's
 * network where it must not (`build/no-isolation`).
 */
export function refuseUnlessAllowed(
  instruction: RunInstruction,
  shared: Pick<Shared, 'allow' | 'requireIsolatedNetwork' | 'dockerfile'>,
  ability: Able,
): void {
  const { network, security } = instruction;
  const { allow = [], requireIsolatedNetwork = false } = shared;
  const wanted: [Privilege, string, boolean][] = [
    ['network.host', '--network=host: it would reach all that this machine reaches', network === 'host'],
    ['security.insecure', '--security=insecure: it would have all privileges', security === 'insecure'],
  ];
  for (const [privilege, what, isWanted] of wanted) {
    if (!isWanted || allow.includes(privilege)) continue;
    const remedy = `remove it, or allow ${privilege} to this build`;
    throw refused(
      'build/not-allowed',
      `the RUN has ${what}, and that is not allowed`,
      remedy,
      instruction,
      shared,
    );
  }
  if (!requireIsolatedNetwork || network === 'none' || ability.network === 'own') return;
  const why = ability.networkWhy ?? 'networks cannot be made here';
  const cause = `the RUN must have a network of its own here, and it cannot: ${why}`;
  const remedy = 'install iproute2 and iptables where the builder runs, or use RUN --network=none';
  throw refused('build/no-isolation', cause, remedy, instruction, shared);
}

function refused(
  code: string,
  cause: string,
  remedy: string,
  { line, endLine }: RunInstruction,
  { dockerfile: { name, lines } }: Pick<Shared, 'dockerfile'>,
): BuildFailure {
  const fault = { code, operation: 'building the image', place: `${name}:${line}`, cause, remedy };
  return new BuildFailure(fault, line, excerpt(lines, line, endLine));
}
