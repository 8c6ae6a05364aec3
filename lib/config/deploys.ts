import { ANY_APP, type Deploys } from '../push/installation.ts';
import type { Config } from './config.ts';

/** What the functions have to know of a configuration. */
export function deploysOf({ apps }: Pick<Config, 'apps'>): Deploys {
  return apps === 'any' ? ANY_APP : { apps, others: 'ignored' };
}
