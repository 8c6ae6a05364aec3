import { ANY_APP, type Deploys } from '../push/installation.ts';
import type { Config } from './config.ts';

/** What the functions have to know of a configuration. */
export function deploysOf({ apps, hosts }: Pick<Config, 'apps' | 'hosts'>): Deploys {
  return apps === 'any' ? { ...ANY_APP, hosts } : { apps, others: 'ignored', hosts };
}
