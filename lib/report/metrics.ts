/** The namespace of all that Fairlead measures itself. */
export const NAMESPACE = 'Fairlead';

/** The dimension `service` of deployments to environments that last. */
const DEPLOYMENTS = 'deploy';

/** The dimension `service` of previews' deployments and builds: they wake nobody, and there may be any number of them. */
export const PREVIEWS = 'preview';

/**
 * One metric, which always comes with the dimension `service` alone, for all apps together; and, for each name of `by`,
 * once more with that second dimension. Nothing but what an installation has few of may be in `by`: apps, and words of
 * a list below. Commits, branches and previews are not, since each value is a metric of its own that is paid for.
 */
export interface Measured {
  namespace: typeof NAMESPACE;
  metricName: string;
  unit: 'Count' | 'Milliseconds';
  service: string;
  by: readonly Aspect[];
}

/** `app`: its name. The others are one of {@link REFUSALS}, {@link ENGINES} or {@link TAKEN_BACK_BY}. */
export type Aspect = 'app' | 'cause' | 'engine' | 'takenBackBy';

/** Why a webhook is refused. */
export const REFUSALS = ['signature', 'unknown-host', 'malformed', 'too-large', 'internal'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** What builds images. */
export const ENGINES = ['function', 'microvm', 'codebuild'] as const;

/** Who takes a release back that served. */
export const TAKEN_BACK_BY = ['person', 'bake', 'alarm'] as const;
export type TakenBackBy = (typeof TAKEN_BACK_BY)[number];

function count(metricName: string, service: string, ...by: Aspect[]): Measured {
  return { namespace: NAMESPACE, metricName, unit: 'Count', service, by };
}

function time(metricName: string, service: string, ...by: Aspect[]): Measured {
  return { namespace: NAMESPACE, metricName, unit: 'Milliseconds', service, by };
}

/** All that Fairlead measures: lib/report/measure.ts writes nothing else, and alarms and dashboard read nothing else. */
export const METRICS = {
  /** Deployments, once each, by how they ended. Other endings are nobody's concern. */
  live: count('DeploymentLive', DEPLOYMENTS, 'app'),
  failed: count('DeploymentFailed', DEPLOYMENTS, 'app'),
  superseded: count('DeploymentSuperseded', DEPLOYMENTS, 'app'),
  /** Releases that served and were taken back: by a bake, which is a failed deployment too, or by a rollback. */
  takenBack: count('ReleaseTakenBack', DEPLOYMENTS, 'app', 'takenBackBy'),
  /** From the claim until the release served. */
  pushToLive: time('PushToLive', DEPLOYMENTS, 'app'),
  /** From the webhook until the release served. */
  leadTime: time('LeadTime', DEPLOYMENTS, 'app'),
  /** From the verdict on a release, or the claim of a rollback, until what is good served again. */
  timeToRestore: time('TimeToRestore', DEPLOYMENTS, 'app'),
  /** From the webhook until somebody was at work on it. */
  queueAge: time('QueueAge', DEPLOYMENTS, 'app'),
  /** Of builds that succeed. */
  buildTime: time('BuildTime', 'build-image', 'engine'),
  /** Events of a git host that were believed, whatever follows from them: a ping is one. */
  heardWebhooks: count('WebhookHeard', 'receive-push'),
  refusedWebhooks: count('WebhookRefused', 'receive-push', 'cause'),
  /** Each round of the sweep: that it ran, and how many claims of what is no preview it found that are too old. */
  swept: count('Swept', 'sweep'),
  stuck: count('DeploymentStuck', 'sweep'),
  /** 1 and 0 by turns: an alarm on it rings every twenty minutes, and watch-alarm has to hear that. */
  heartbeat: count('Heartbeat', 'sweep'),
  alarmHeard: count('AlarmHeard', 'watch-alarm'),
} as const satisfies Record<string, Measured>;
