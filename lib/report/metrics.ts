/** How CloudWatch names what the function deploy counts, and what the alarms watch. */
export const NAMESPACE = 'Fairlead';

/** The dimension `service`: of all apps together. A second set of dimensions has `app` beside it. */
export const SERVICE = 'deploy';

/** What is counted once for each deployment, by how it ended; other endings are nobody's concern. */
export const COUNTED = {
  live: 'DeploymentLive',
  failed: 'DeploymentFailed',
  superseded: 'DeploymentSuperseded',
  'rolled-back': 'DeploymentRolledBack',
} as const;

/** The metric of failed deployments, over all apps. */
export const FAILED_DEPLOYMENTS = {
  namespace: NAMESPACE,
  metricName: COUNTED.failed,
  dimensionsMap: { service: SERVICE },
};
