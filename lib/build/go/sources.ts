import type { NetworkPolicy } from '../../network/policy.ts';
import { NotPlain } from './shell.ts';

/** Variables that send requests another way; what they name is connected to in the clear. */
export const PROXY = /^(https?|ftp|no|all)_proxy$/i;

/**
 * Throws NotPlain for variables of a stage by which go would speak plain HTTP, or read files of this machine, where the
 * policy forbids local addresses: who answers there in the clear is the Runtime API, or the metadata service. Over HTTPS
 * neither answers, and go follows no redirect from there to plain HTTP (cmd/go/internal/web, CheckRedirect).
 */
export function checkSources(variables: ReadonlyMap<string, string>, { refuse }: NetworkPolicy): void {
  if (refuse === 'nothing') return;
  for (const [name, value] of variables) {
    const leadsAway = (PROXY.test(name) && !/^no_/i.test(name)) || name === 'GOINSECURE';
    if (leadsAway && value !== '') throw new NotPlain(`${name} is set`);
    if (name !== 'GOPROXY' && name !== 'GOSUMDB') continue;
    const isOther = (place: string) => place.includes(':/') && !/^https:\/\//i.test(place);
    if (value.split(/[\s,|]+/).some(isOther)) throw new NotPlain(`${name} has a place that is not https://`);
  }
}

/**
 * What git is told when go fetches a module with it: nothing of this machine's configuration, and no SSH, which would
 * find the keys of whoever runs the builder, whatever HOME is.
 */
export function gitEnvironment({ refuse }: NetworkPolicy): Record<string, string> {
  return {
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_SSH_COMMAND: '/nonexistent/ssh',
    // Other programs of its kind look where they like.
    GOVCS: '*:git',
    // It holds for redirects, too.
    ...(refuse === 'nothing' ? {} : { GIT_ALLOW_PROTOCOL: 'https' }),
  };
}
