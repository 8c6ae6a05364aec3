import type { Watched } from './alarm-definitions.ts';
import { expression, graph, type Line, line, type Widget } from './dashboard-widgets.ts';
import type { Measured } from './measured.ts';

const DAY = 86_400;

/** Rows of widgets: how well delivery goes. docs/alarms.md says how each of the four numbers is measured. */
export function deliveryWidgets({ measured }: Watched, region: string): Widget[][] {
  const { live, failed, superseded, takenBack, leadTime, timeToRestore, queueAge } = measured;
  const daily = { region, period: DAY };
  return [
    [
      graph({
        title: 'Deployment frequency',
        unit: 'a day',
        lines: [line(live, 'Sum', 'live')],
        shown: 'bars',
        ...daily,
      }),
      graph({ title: 'Lead time, from push to live', unit: 'ms', lines: times(leadTime), ...daily }),
      graph({ title: 'Change-failure rate', unit: '%', lines: failureRate(measured), ...daily }),
      graph({ title: 'Time to restore', unit: 'ms', lines: times(timeToRestore), ...daily }),
    ],
    [
      graph({
        title: 'Deployments, by how they ended',
        unit: 'an hour',
        lines: [
          line(live, 'Sum', 'live'),
          line(failed, 'Sum', 'failed'),
          line(superseded, 'Sum', 'superseded'),
        ],
        shown: 'bars',
        region,
        period: 3600,
      }),
      graph({
        title: 'Releases taken back, by whom',
        unit: 'a day',
        lines: ['person', 'bake', 'alarm'].map((whom) => by(takenBack, 'takenBackBy', whom)),
        shown: 'bars',
        ...daily,
      }),
      graph({ title: 'Live, by app', unit: 'a day', lines: [byApp(live)], shown: 'bars', ...daily }),
      graph({ title: 'Pushes waiting', unit: 'ms', lines: times(queueAge), region, period: 300 }),
    ],
  ];
}

/** Of all releases that served, the share that was taken back. One that its bake takes back served, and was not live. */
function failureRate({ live, takenBack }: Watched['measured']): Line[] {
  const hidden = { visible: false };
  return [
    expression('100 * FILL(back, 0) / (FILL(live, 0) + FILL(baked, 0))', 'taken back'),
    line(takenBack, 'Sum', 'taken back', { id: 'back', ...hidden }),
    line(live, 'Sum', 'live', { id: 'live', ...hidden }),
    line(takenBack, 'Sum', 'by a bake', { id: 'baked', more: ['takenBackBy', 'bake'], ...hidden }),
  ];
}

function times(metric: Measured): Line[] {
  return [line(metric, 'p50', 'half of them'), line(metric, 'Maximum', 'longest')];
}

function by(metric: Measured, aspect: string, value: string): Line {
  return line(metric, 'Sum', value, { more: [aspect, value] });
}

/** Apps come and go: they are looked for. */
function byApp({ namespace, metricName, service }: Measured): Line {
  const search = `{${namespace},app,service} MetricName="${metricName}" service="${service}"`;
  return expression(`SEARCH('${search}', 'Sum', ${DAY})`, '');
}
