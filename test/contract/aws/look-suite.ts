import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { expect } from 'vitest';
import { readAlarms } from '../../../lib/bake/alarms.ts';
import type { Part } from './suite.ts';

/** Alarms, as a release that bakes is looked at. */
export const lookSuite: Part = (test, place) => {
  const clients = () => ({
    cloudWatch: new CloudWatchClient(place().client),
    tagging: new ResourceGroupsTaggingAPIClient(place().client),
  });

  test('an alarm that is not there is absent', async () => {
    const bake = { alarms: ['no-such-alarm'] };
    expect(await readAlarms(clients(), bake)).toEqual([{ name: 'no-such-alarm', state: 'absent' }]);
  });

  test('a tag that nothing has finds no alarm', async () => {
    const bake = { alarms: [], alarmTag: { key: 'team', value: 'nobody' } };
    expect(await readAlarms(clients(), bake as never)).toEqual([]);
  });
};
