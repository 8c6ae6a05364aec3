import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { installation } from '../../bin/installation.ts';
import { DEFAULTS } from '../../lib/config/config.ts';
import { FUNCTIONS } from '../../lib/stacks/functions.ts';
import { VALUES, whyNobody } from './support/emitted.ts';
import { type Dashboard, resolver } from './support/resolve.ts';

const CHAT = 'arn:aws:sns:eu-west-1:111122223333:chat';
const physical = {
  region: 'eu-west-1',
  account: '111122223333',
  functionName: (name: string) => `pipeline-${name}`,
  queueName: 'dead-letters',
  tableName: 'ledger',
  topicArn: 'arn:aws:sns:eu-west-1:111122223333:alarms',
};

interface Alarm {
  AlarmName: string;
  AlarmDescription: string;
  AlarmActions?: string[];
  OKActions?: string[];
  Threshold?: number;
  [name: string]: unknown;
}
type Metric = { Namespace: string; MetricName: string; Dimensions?: { Name: string; Value: string }[] };

let template: Template;
let alarms: Alarm[];
let metricAlarms: Alarm[];
let dashboard: Dashboard;

beforeAll(() => {
  const config = {
    ...DEFAULTS,
    alarms: { stuckAfter: 600, refusedWebhooks: 7, buildTime: 60, queueAge: 30 },
    notifications: { email: ['ops@example.com', 'dev@example.com'], topics: [CHAT] },
    budget: { monthly: 120, email: ['money@example.com'] },
  };
  const stacks = installation(new App(), config);
  template = Template.fromStack(stacks.alarms);
  const resolved = resolver(template, Template.fromStack(stacks.pipeline), physical);
  metricAlarms = resolved.metricAlarms as Alarm[];
  alarms = [...metricAlarms, ...(resolved.compositeAlarms as Alarm[])];
  dashboard = resolved.dashboard;
}, 120_000);

const named = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `fairlead-${name}`);

/** The heartbeat rings all day, and what nobody hears of is told by a composite one. */
const SILENT = ['fairlead-heartbeat', 'fairlead-alarms-unheard'];

function metricsOf(alarm: Alarm): Metric[] {
  if (alarm.Metrics === undefined) return [alarm as unknown as Metric];
  const queries = alarm.Metrics as { MetricStat?: { Metric: Metric } }[];
  return queries.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]));
}

function whyNot({ Namespace, MetricName, Dimensions = [] }: Metric): string | undefined {
  const dimensions = Dimensions.map(({ Name, Value }) => [Name, Value] as const);
  return whyNobody(Namespace, MetricName, Object.fromEntries(dimensions));
}

describe('alarms', () => {
  it('are on metrics that somebody emits', () => {
    const metrics = metricAlarms.flatMap(metricsOf);
    expect(metrics.length).toBeGreaterThan(30);
    expect(metrics.map(whyNot).filter((why) => why !== undefined)).toEqual([]);
  });

  it('are told to the topic of the installation and to the others, when they ring and when they are quiet', () => {
    const told = alarms.filter(({ AlarmName }) => !SILENT.includes(AlarmName));
    expect(told.length).toBe(alarms.length - SILENT.length);
    for (const { AlarmName, AlarmActions, OKActions } of told) {
      expect(AlarmActions, AlarmName).toEqual([physical.topicArn, CHAT]);
      expect(OKActions, AlarmName).toEqual([physical.topicArn, CHAT]);
    }
    for (const name of SILENT)
      expect(alarms.find(({ AlarmName }) => AlarmName === name)?.AlarmActions).toBeUndefined();
  });

  it('say what has happened, what to do, and where there is more', () => {
    const docs = join(import.meta.dirname, '..', '..');
    for (const { AlarmName, AlarmDescription } of alarms) {
      expect(AlarmDescription.length, AlarmName).toBeLessThanOrEqual(1024);
      const [, section, file] = /See "([^"]+)" in (docs\/[\w-]+\.md)/.exec(AlarmDescription) ?? [];
      expect(AlarmName).toBe(`fairlead-${section}`);
      const headings = readFileSync(join(docs, file ?? ''), 'utf8').matchAll(/^#+ (.+)$/gm);
      const titles = [...headings].flatMap(([, title = '']) => title.replaceAll('`', '').split(', '));
      expect(titles, AlarmName).toContain(section);
      const [, chapter = ''] =
        /or by symptom "([^"]+)" in docs\/troubleshooting\.md/.exec(AlarmDescription) ?? [];
      const all = readFileSync(join(docs, 'docs', 'troubleshooting.md'), 'utf8');
      const [, text = ''] = all.split(new RegExp(`^## ${chapter}$`, 'm'));
      if (!SILENT.includes(AlarmName)) expect(text.split(/^## /m)[0], AlarmName).toContain(`\`${section}\``);
    }
  });

  it('are told to a topic whose ARN is an output under its own name', () => {
    template.hasOutput('AlarmTopicArn', {});
  });

  it('have the thresholds of the configuration', () => {
    expect(named('refused-webhooks')?.Threshold).toBe(7);
    expect(named('slow-builds')?.Threshold).toBe(60_000);
    expect(named('waiting-pushes')?.Threshold).toBe(30_000);
  });

  it('watch the errors of every function', () => {
    for (const { name } of FUNCTIONS) {
      const [metric] = metricsOf(named(`${name}-errors`) as Alarm);
      expect(metric).toMatchObject({
        MetricName: 'Errors',
        Dimensions: [{ Name: 'FunctionName', Value: `pipeline-${name}` }],
      });
    }
  });

  it('ring where data is missing that should always be there, and nowhere else', () => {
    const ringing = metricAlarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(ringing.map(({ AlarmName }) => AlarmName).sort()).toEqual([
      'fairlead-alarms-unheard',
      'fairlead-sweep-not-running',
    ]);
    const others = metricAlarms.filter((alarm) => !ringing.includes(alarm));
    expect(new Set(others.map(({ TreatMissingData }) => TreatMissingData))).toEqual(
      new Set(['notBreaching']),
    );
  });
});

describe('notifications', () => {
  it('go to the addresses of the configuration', () => {
    for (const Endpoint of ['ops@example.com', 'dev@example.com'])
      template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint });
  });

  it('may be published by alarms of the account, by nobody without TLS, and by no other account', () => {
    const [policy] = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    const { Statement } = policy?.Properties.PolicyDocument ?? {};
    expect(Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sns:Publish',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          ArnLike: { 'aws:SourceArn': expect.anything() },
        },
      }),
    ]);
  });
});

describe('the budget', () => {
  it('warns by mail before the money is spent, of what the installation uses', () => {
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetLimit: { Amount: 120, Unit: 'USD' },
        TimeUnit: 'MONTHLY',
        CostFilters: {
          Service: Match.arrayWith(['Amazon Elastic Container Service for Kubernetes', 'AWS Lambda']),
        },
      },
      NotificationsWithSubscribers: [
        {
          Notification: Match.objectLike({ NotificationType: 'ACTUAL', Threshold: 80 }),
          Subscribers: [{ Address: 'money@example.com', SubscriptionType: 'EMAIL' }],
        },
        { Notification: Match.objectLike({ NotificationType: 'FORECASTED', Threshold: 100 }) },
      ],
    });
  });

  it('is not there where none was asked for', () => {
    const { alarms: without } = installation(new App(), DEFAULTS);
    Template.fromStack(without).resourceCountIs('AWS::Budgets::Budget', 0);
  }, 120_000);
});

describe('the dashboard', () => {
  const lines = () =>
    dashboard.widgets.flatMap(({ properties }) => properties.metrics ?? []).filter((line) => line.length > 1);

  it('shows metrics that somebody emits', () => {
    expect(lines().length).toBeGreaterThan(40);
    const wrong = lines().map((line) => {
      const [namespace, name, ...rest] = line.slice(0, -1).map(String);
      const pairs = rest.flatMap((key, at) => (at % 2 === 0 ? [[key, rest[at + 1] ?? '']] : []));
      return whyNobody(namespace ?? '', name ?? '', Object.fromEntries(pairs));
    });
    expect(wrong.filter((why) => why !== undefined)).toEqual([]);
  });

  it('shows every cause, every engine, and whoever takes releases back', () => {
    for (const [aspect, values] of Object.entries(VALUES)) {
      const shown = lines().flatMap((line) => (line[4] === aspect ? [String(line[5])] : []));
      expect([...new Set(shown)].sort(), aspect).toEqual([...values].sort());
    }
  });

  it('has the four numbers of delivery, in a row', () => {
    const row = dashboard.widgets.filter(({ type }) => type === 'metric').slice(0, 4);
    expect(row.map(({ properties }) => properties.title)).toEqual([
      'Deployment frequency',
      'Lead time, from push to live',
      'Change-failure rate',
      'Time to restore',
    ]);
    expect(new Set(row.map(({ y }) => y)).size).toBe(1);
  });

  it('shows every alarm that tells people', () => {
    const shown = dashboard.widgets.flatMap(({ properties }) => properties.alarms ?? []);
    const expected = alarms.filter(({ AlarmName }) => !SILENT.includes(AlarmName));
    expect(shown.map((arn) => arn.split(':').at(-1)).sort()).toEqual(
      expected.map(({ AlarmName }) => AlarmName).sort(),
    );
  });

  it('uses in expressions what is there, and puts no widget over another', () => {
    for (const { properties } of dashboard.widgets) {
      const all = (properties.metrics ?? []).map(
        (line) => line.at(-1) as { expression?: string; id?: string },
      );
      const ids = new Set(all.map(({ id }) => id));
      for (const { expression } of all)
        for (const [id] of (expression ?? '').replace(/SEARCH\(.*\)/, '').matchAll(/\b[a-z]\w*/g))
          expect(ids, properties.title).toContain(id);
    }
    const cells = dashboard.widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, at) => `${x + (at % width)},${y + Math.floor(at / width)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.widgets.every(({ x, width }) => x + width <= 24)).toBe(true);
  });
});
