import { FairleadError } from '../errors.ts';

/** The process that takes an app's requests, and that the top level of fairlead.yaml is about. */
export const WEB = 'web';

/**
 * Makes sure that `name` can name a namespace, a Deployment and a Service: a DNS label that starts with a letter
 * (RFC 1035, section 2.3.1). `what` is for example `app` or `namespace`.
 * @throws FairleadError `app/bad-name`
 */
export function checkName(what: string, name: string): void {
  if (name.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return;
  throw new FairleadError({
    code: 'app/bad-name',
    operation: `naming the ${what}`,
    cause: `'${name}' is no name for the ${what} in the cluster`,
    remedy: 'use up to 63 lower-case letters, digits and "-", beginning with a letter, ending without "-"',
  });
}
