import { FairleadError } from '../errors.ts';
import type { Listed } from '../ledger/listing.ts';
import { type Deploys, rulesFor } from '../push/installation.ts';

/**
 * Lets what would come back with the next push not be removed, and production never.
 * @throws FairleadError `operate/production`, `operate/configured`
 */
export function checkRemovable({ app, name, push }: Listed, deploys: Deploys): void {
  const operation = `removing ${app} from ${name}`;
  if (name === 'production')
    throw new FairleadError({
      code: 'operate/production',
      operation,
      cause: 'production is not removed by this command',
      remedy: `delete the namespace ${push.environment.namespace} with kubectl, if that is what you want`,
    });
  const rules = rulesFor(deploys, push);
  if ('refused' in rules || rules.app !== app || !Object.hasOwn(rules.environments, name)) return;
  throw new FairleadError({
    code: 'operate/configured',
    operation,
    cause: `the configuration has ${app} in ${name}, from the branch ${rules.environments[name]}`,
    remedy: 'take it out of fairlead.config.ts and deploy the installation first',
  });
}
