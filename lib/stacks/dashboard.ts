import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Watched } from './alarm-definitions.ts';
import { deliveryWidgets } from './dashboard-delivery.ts';
import { operationWidgets } from './dashboard-operations.ts';
import { alarmWidget, type Row, textWidget } from './dashboard-widgets.ts';

/** Units of height of a widget with a graph; the dashboard is 24 wide. */
const HEIGHT = 6;
const WIDTH = 24;

/**
 * One page: whether anything rings, how well delivery goes (the four numbers of DORA), and how the pipeline itself does.
 * Source of the body: "Dashboard Body Structure and Syntax", Amazon CloudWatch API Reference.
 */
export function addDashboard(
  scope: Construct,
  watched: Watched,
  alarms: readonly cloudwatch.AlarmBase[],
): void {
  const region = Stack.of(scope).region;
  const rows: Row[] = [
    { height: 2, widgets: [textWidget('# Fairlead\nWhat each alarm means, and what to do: docs/alarms.md')] },
    {
      height: 4,
      widgets: [
        alarmWidget(
          'Alarms',
          alarms.map(({ alarmArn }) => alarmArn),
        ),
      ],
    },
    ...deliveryWidgets(watched, region).map((widgets) => ({ height: HEIGHT, widgets })),
    ...operationWidgets(watched, region).map((widgets) => ({ height: HEIGHT, widgets })),
  ];
  new cloudwatch.CfnDashboard(scope, 'Dashboard', {
    // A dashboard's name is one of the account's, in all regions.
    dashboardName: `Fairlead-${region}`,
    dashboardBody: Stack.of(scope).toJsonString({ start: '-P28D', widgets: placed(rows) }),
  });
}

/** Rows below each other, and the widgets of a row side by side. */
function placed(rows: readonly Row[]) {
  let y = 0;
  return rows.flatMap(({ height, widgets }) => {
    const top = y;
    y += height;
    const width = Math.floor(WIDTH / widgets.length);
    return widgets.map((widget, index) => ({ x: index * width, y: top, width, height, ...widget }));
  });
}
