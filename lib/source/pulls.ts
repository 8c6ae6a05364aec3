import type { Forge } from './forge.ts';
import type { Head, Pull, Repository } from './types.ts';

/**
 * Where the commit stands that may be built of a fork's pull request: `found` while the pull request is open and its
 * head is `approved`; `gone` otherwise, since no other commit may take its place.
 */
export async function headOfFork(
  { pulls }: Forge,
  repository: Repository,
  number: number,
  approved: string,
): Promise<Head> {
  const found = await pulls?.one(repository, number);
  const stands =
    found?.is === 'found' && found.value.state === 'open' && found.value.head.commit === approved;
  return stands ? { is: 'found', commit: approved } : { is: 'gone' };
}

/** Whether a pull request is open. */
export async function isOpen({ pulls }: Forge, repository: Repository, number: number): Promise<boolean> {
  const found = await pulls?.one(repository, number);
  return found?.is === 'found' && found.value.state === 'open';
}

/** Whether a pull request of the repository's own `branch` is open. */
export async function isProposed({ pulls }: Forge, repository: Repository, branch: string): Promise<boolean> {
  const open = await pulls?.open(repository, branch);
  const isOfBranch = ({ head }: Pull) => head.from === 'branch' && head.branch === branch;
  return open?.is === 'found' && open.value.some(isOfBranch);
}

/** Says something below every open pull request of `branch`, or below `number`; nowhere, where there are none. */
export async function sayBelow(
  { pulls }: Forge,
  repository: Repository,
  where: { branch: string } | { number: number },
  text: string,
): Promise<void> {
  if (pulls === undefined) return;
  if ('number' in where) {
    await pulls.say(repository, where.number, text);
    return;
  }
  const open = await pulls.open(repository, where.branch);
  if (open.is === 'absent') return;
  for (const { number } of open.value) await pulls.say(repository, number, text);
}
