import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import type { LookDeps } from '../../lib/bake/look.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { restartsSince } from '../../lib/rollout/restarts.ts';

export { alarmsBefore, look } from '../../lib/bake/look.ts';

const cloudWatch = new CloudWatchClient({});
const tagging = new ResourceGroupsTaggingAPIClient({});

/** What releases in the cluster `kube` are watched by. */
export function lookDeps(kube: Kube): LookDeps {
  return { cloudWatch, tagging, restartsSince: (release, of) => restartsSince(kube, release, of) };
}
