import type { Origin } from './types.ts';

/** A repository for people: `github/acme/shop`. */
export function nameOfOrigin({ host, owner, repository }: Origin): string {
  return `${host}/${pathOf({ owner, repository })}`;
}

/** As its host writes it: `acme/shop`, and only `shop` where there are no owners. */
export function pathOf({ owner, repository }: Pick<Origin, 'owner' | 'repository'>): string {
  return owner === '' ? repository : `${owner}/${repository}`;
}

/** The same for each way to write one repository: hosts take its name in any case, and tell it in one. */
export function keyOfOrigin(origin: Origin): string {
  return nameOfOrigin(origin).toLowerCase();
}

export function isSame(one: Origin, other: Origin): boolean {
  return keyOfOrigin(one) === keyOfOrigin(other);
}
