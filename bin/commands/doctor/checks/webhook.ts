import { type Aspect, METRICS, type Measured, type Refusal } from '../../../../lib/report/metrics.ts';
import { absent, type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';

const DAY = 86_400_000;
/** Days after which a silent git host is worth a word. */
const SILENT = 14;
/** Refusals a day that are nothing: each look of the doctor knocks once, and is refused. */
const OWN = 5;

/** Whether the address that the git host sends to answers, and lets nobody in who does not sign. */
export const webhook: Check = {
  about: 'webhook',
  needs: [],
  async look({ output }) {
    const url = output('WebhookUrl');
    if (url === undefined) return [absent('webhook', 'no address of it is known here')];
    return [await knock(url)];
  },
};

async function knock(url: string): Promise<Finding> {
  const headers = { 'content-type': 'application/json', 'x-github-event': 'ping' };
  const request = { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(10_000) };
  const status = await fetch(url, request).then(
    (response) => response.status,
    (error: Error) => error.message,
  );
  if (status === 401 || status === 400)
    return ok('webhook', `it answers, and refuses what nobody signed (${status})`);
  if (status === 403)
    return notOk(
      'webhook',
      'Lambda itself refuses the request (403)',
      'the function URL has lost its policy: npx fairlead deploy --revert-drift',
    );
  const remedy = 'see the log of the function receive-push';
  return notOk(
    'webhook',
    typeof status === 'number' ? `it answers ${status} to an unsigned request` : status,
    remedy,
  );
}

/**
 * Whether the git host has sent anything lately, and whether what it sent was let in. What it signed is counted, and not
 * how often the function ran: strangers make it run, and so does `webhook` with each look.
 */
export const deliveries: Check = {
  about: 'deliveries',
  needs: ['cloudwatch:GetMetricStatistics'],
  async look(patient) {
    const isThere = patient
      .resources('AWS::Lambda::Function')
      .some(({ logicalId }) => logicalId.startsWith('ReceivePush'));
    if (!isThere || patient.settings('CLOUDWATCH') === undefined)
      return [absent('deliveries', 'nobody counts them here')];
    const sent = await sum(patient, metric(METRICS.heardWebhooks), SILENT);
    // What is no webhook at all comes from whoever looks for holes, and says nothing of the secret.
    const cause = 'signature' satisfies Refusal;
    const refused = await sum(patient, metric(METRICS.refusedWebhooks, { cause }), 1);
    if (refused > OWN && refused >= sent / 2)
      return [
        notOk(
          'deliveries',
          `${refused} were refused since yesterday`,
          'give the git host the secret of this installation: docs/triggers.md',
        ),
      ];
    if (sent === 0)
      return [
        notOk(
          'deliveries',
          `none came in ${SILENT} days`,
          'look at the deliveries of the webhook in the settings of the repository: docs/install.md',
        ),
      ];
    return [ok('deliveries', `${sent} taken in ${SILENT} days, ${refused} refused since yesterday`)];
  },
};

interface Metric {
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: string }[];
}

function metric(
  { namespace, metricName, service }: Measured,
  more: { [aspect in Aspect]?: string } = {},
): Metric {
  const dimensions = Object.entries({ service, ...more });
  return {
    Namespace: namespace,
    MetricName: metricName,
    Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
  };
}

async function sum(patient: Patient, metric: Metric, days: number): Promise<number> {
  const { CloudWatchClient, GetMetricStatisticsCommand } = await import('@aws-sdk/client-cloudwatch');
  const client = new CloudWatchClient(patient.settings('CLOUDWATCH') ?? {});
  const EndTime = new Date();
  const StartTime = new Date(EndTime.getTime() - days * DAY);
  const Period = days * (DAY / 1000);
  const asked = new GetMetricStatisticsCommand({
    ...metric,
    StartTime,
    EndTime,
    Period,
    Statistics: ['Sum'],
  });
  const { Datapoints = [] } = await client.send(asked);
  return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
}
