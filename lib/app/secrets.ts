import { badField } from './bad-field.ts';
import type { Said } from './schema.ts';
import type { SecretReference } from './types.ts';

/** What the names of all secrets begin with that the installation may read (lib/stacks/app-secrets.ts). */
const OF_APPS = 'fairlead/';
/** Whose secrets every app may have; those of an app of that name, too. */
const EVERYBODY = 'shared';

/** The name in an ARN of Secrets Manager: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-RANDOM`. */
const IN_ARN = /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:/;

/**
 * What `said` refers to, by variable.
 * @throws FairleadError `app/bad-file` for a secret that is another app's: whoever may push to one repository may not, by
 * that, read what is another one's
 */
export function secretsOf(app: string, { secrets = {} }: Said): Record<string, SecretReference> {
  const references = Object.entries(secrets).map(([variable, said]): [string, SecretReference] => {
    if ('kubernetes' in said)
      return [variable, { in: 'kubernetes', name: said.kubernetes, key: said.key ?? variable }];
    const { secretsManager: id, key } = said;
    refuseOthers(app, id, variable);
    return [variable, { in: 'secrets-manager', id, ...(key !== undefined && { key }) }];
  });
  return Object.fromEntries(references);
}

function refuseOthers(app: string, id: string, variable: string): void {
  const name = id.replace(IN_ARN, '');
  if (!name.startsWith(OF_APPS)) return;
  if ([app, EVERYBODY].some((one) => name.startsWith(`${OF_APPS}${one}/`))) return;
  throw badField(
    `secrets.${variable}`,
    `the secret ${id} is not one of the app ${app}`,
    `name one that begins with ${OF_APPS}${app}/, or with ${OF_APPS}${EVERYBODY}/ for what all apps may read`,
  );
}
