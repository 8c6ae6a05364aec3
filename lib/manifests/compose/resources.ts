import { cpuOf, quantityOf } from './amounts.ts';
import { bad, type Making, notice } from './making.ts';

type Amounts = { cpus?: string | undefined; memory?: string | undefined } | undefined;

/** What a container asks for and may use; what schedulers count with, where the file says nothing. */
export function resourcesOf(making: Making): Record<string, unknown> {
  const { deploy, cpus, mem_limit, mem_reservation } = making.said;
  const { limits, reservations } = deploy?.resources ?? {};
  if (reservations?.devices !== undefined)
    throw bad(making, 'deploy.resources', 'reserves devices', 'write manifests of your own for that');
  if (limits?.pids !== undefined)
    notice(making, 'deploy.resources.limits.pids', 'is left out: the cluster limits processes');
  const most = amountsOf(making, { cpus: limits?.cpus ?? cpus, memory: limits?.memory ?? mem_limit });
  const least = amountsOf(making, {
    cpus: reservations?.cpus,
    memory: reservations?.memory ?? mem_reservation,
  });
  const requests = {
    ...(most.cpu === undefined ? { cpu: '100m' } : {}),
    ...(most.memory === undefined ? { memory: '128Mi' } : {}),
    ...least,
  };
  return {
    ...(Object.keys(requests).length > 0 && { requests }),
    ...(Object.keys(most).length > 0 && { limits: most }),
  };
}

function amountsOf(making: Making, said: Amounts): { cpu?: string; memory?: string } {
  const cpu = said?.cpus === undefined ? undefined : cpuOf(said.cpus);
  const memory = said?.memory === undefined ? undefined : quantityOf(said.memory);
  if (said?.cpus !== undefined && cpu === undefined)
    throw bad(making, 'deploy.resources', `has ${said.cpus} processors`, "write a number like '0.5'");
  if (said?.memory !== undefined && memory === undefined)
    throw bad(making, 'deploy.resources', `has ${said.memory} of memory`, 'write it like 256m');
  return { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
}
