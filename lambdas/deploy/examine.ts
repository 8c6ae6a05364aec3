import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import { setupCommand } from '../../lib/kube/setup-command.ts';
import type { Listed } from '../../lib/ledger/listing.ts';
import { about } from '../../lib/log.ts';
import type { Finding } from '../../lib/operate/answer.ts';
import type { Examine } from '../../lib/push/request.ts';
import type { Sighted } from '../../lib/rollout/survey.ts';
import { examineHosts } from './examine-hosts.ts';
import { step } from './patience.ts';
import { ledger } from './services.ts';
import type { Settled } from './settle.ts';
import { surveyAll } from './survey.ts';

/** What an examination answers beside how it ended. */
export type Examined = Settled & { findings: readonly Finding[] };

/** Looks, with the rights of the functions themselves, whether they reach what they need. Changes nothing. */
export async function examine(context: DurableContext, request: Examine): Promise<Examined> {
  about({ delivery: request.delivery, app: '', commit: '' });
  const cluster = await lookAtCluster(context, request);
  const listed = await step(context, 'listed', async () => {
    const all = await ledger.environments();
    return await Promise.all(all.map(async (one) => ({ ...one, ...(await fenceOf(one)) })));
  });
  const findings = [...cluster.findings, ...(cluster.sighted ? compare(listed, cluster.sighted) : [])];
  findings.push(...(await examineHosts(context, listed)));
  const wrong = findings.filter(({ is }) => is === 'not-ok').length;
  const message =
    wrong === 0 ? 'the functions reach what they need' : `${wrong} of ${findings.length} are not ok`;
  return { outcome: 'examined', commit: '', message, findings };
}

interface Standing extends Listed {
  fence: number;
  live: boolean;
}

async function fenceOf({ app, name }: Listed) {
  const { claim, live } = await ledger.standing({ app, name });
  return { fence: claim?.fence ?? 0, live: live !== undefined };
}

async function lookAtCluster(
  context: DurableContext,
  request: Examine,
): Promise<{ findings: Finding[]; sighted?: readonly Sighted[] }> {
  try {
    const { sighted, unread } = await surveyAll(context, request);
    const says = `the function roll-out reads it: ${sighted.length} environments`;
    const refused = unread.map(
      (namespace): Finding => ({
        ...{ is: 'not-ok', about: 'cluster', says: `the namespace ${namespace} may not be read` },
        remedy: 'npx fairlead cluster-setup shows the roles that have to be there',
      }),
    );
    return { findings: [{ is: 'ok', about: 'cluster', says }, ...refused], sighted };
  } catch (error) {
    // Whether it is Auto Mode is not known here, and nothing that rights depend on.
    const remedy = `${setupCommand('of-the-cluster')} makes its rights; see that its endpoint can be reached`;
    return { findings: [{ is: 'not-ok', about: 'cluster', says: messageOf(error), remedy }] };
  }
}

/** The ledger and the cluster, as far as they know of each other. */
function compare(listed: readonly Standing[], sighted: readonly Sighted[]): Finding[] {
  const wrong: Finding[] = [];
  const remedy = 'npx fairlead recover';
  for (const { app, environment, fence } of sighted) {
    const known = listed.find((one) => one.app === app && one.name === environment);
    if (fence <= (known?.fence ?? 0)) continue;
    const says = `${app} in ${environment}: the cluster knows of claim ${fence}, the ledger of ${known?.fence ?? 'none'}`;
    wrong.push({ is: 'not-ok', about: 'ledger', says, remedy });
  }
  for (const { app, name, live } of listed) {
    if (!live || sighted.some((one) => one.app === app && one.environment === name)) continue;
    wrong.push({
      is: 'not-ok',
      about: 'ledger',
      says: `${app} in ${name} is live, and not in the cluster`,
      remedy,
    });
  }
  if (wrong.length > 0) return wrong;
  return [
    { is: 'ok', about: 'ledger', says: `it and the cluster agree about ${listed.length} environments` },
  ];
}
