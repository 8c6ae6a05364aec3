import { lookup as resolveName } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { FairleadError } from '../errors.ts';
import { isForbiddenAddress } from './addresses.ts';

/** What connections to the outside may not reach. */
export interface NetworkPolicy {
  /** `local-addresses`: this machine, its link, and the metadata services (`isForbiddenAddress`). */
  refuse: 'local-addresses' | 'nothing';
}

/** A connection that the policy forbids. */
function refused(host: string, address: string): FairleadError {
  const what = host === address ? host : `${host}, which is ${address},`;
  return new FairleadError({
    code: 'network/refused',
    operation: `connecting to ${host}`,
    cause: `${what} is an address of the builder itself, which a build must not reach`,
    remedy: 'use a host that others can reach, too',
  });
}

/**
 * Refuses a URL whose host is written as an address that the policy forbids, in whatever spelling: the URL parser has
 * made `2130706433`, `0177.1` and `[::ffff:7f00:1]` addresses already. Names are judged when they are connected to, by
 * `guardedLookup`; both are needed, as no name is looked up for an address. Throws FairleadError `network/refused`.
 */
export function checkUrl(url: URL, { refuse }: NetworkPolicy): void {
  if (refuse === 'nothing') return;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isLocalName = /^(.*\.)?localhost\.?$/i.test(host);
  if (isLocalName || (isIP(host) !== 0 && isForbiddenAddress(host))) throw refused(url.hostname, host);
}

/**
 * The `lookup` for sockets under the policy. What it answers is what is connected to, so that a name that resolves to
 * something else a moment later (DNS rebinding) gains nothing. Undefined, which is Node's own, where all is allowed.
 */
export function guardedLookup({ refuse }: NetworkPolicy): LookupFunction | undefined {
  if (refuse === 'nothing') return undefined;
  return (host, options, done) => {
    resolveName(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined)
        return done(error ?? new Error(`${host} has no address`), '', 0);
      const bad = addresses.find(({ address }) => isForbiddenAddress(address));
      if (bad !== undefined) return done(refused(host, bad.address), '', 0);
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}
