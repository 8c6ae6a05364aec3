import type { Cluster } from './cluster.ts';
import { reach } from './reach.ts';
import { recollect } from './recollect.ts';
import type { RecoveryAnswer, RecoveryRequest } from './request.ts';
import { survey } from './survey.ts';

/** ms that an address is waited for: a load balancer that has served has it. */
const PATIENCE = 3000;

/** Answers what a lost ledger needs to know; changes nothing. */
export async function recoverFrom(cluster: Cluster, request: RecoveryRequest): Promise<RecoveryAnswer> {
  if (request.do === 'survey') return { state: 'surveyed', survey: await survey(cluster, request.after) };
  const recollection = await recollect(cluster, request.of, new Date());
  const { release } = recollection;
  const url = release && (await reach(cluster.kube, release, AbortSignal.timeout(PATIENCE)));
  return { state: 'recollected', recollection: { ...recollection, ...(url !== undefined && { url }) } };
}
