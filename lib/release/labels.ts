import { shortName } from './names.ts';
import type { Track } from './types.ts';

/** Labels by which everything of one app in one environment is told apart (Kubernetes, "Recommended Labels"). */
export const NAME = 'app.kubernetes.io/name';
export const INSTANCE = 'app.kubernetes.io/instance';
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const VERSION = 'app.kubernetes.io/version';

/** Labels that say whose an object is: one that lacks any of their values is not touched. */
export const IDENTITY = [NAME, INSTANCE, MANAGED_BY] as const;

/** Labels of pods: which process of the app (`web`, `worker`), and which of its Deployments. */
export const PROCESS = 'fairlead.dev/process';
export const TRACK = 'fairlead.dev/track';

/** Annotations that say which release wrote an object last. */
export const RELEASE = 'fairlead.dev/release';
export const COMMIT = 'fairlead.dev/commit';

/** Annotations of an inventory: its environment's name, and where the branch is (JSON of a Source). */
export const ENVIRONMENT = 'fairlead.dev/environment';
export const SOURCE = 'fairlead.dev/source';

/** What never changes in the life of an app in an environment: a Deployment's selector cannot. */
export function identity(app: string, environment: string): Record<string, string> {
  return { [NAME]: app, [INSTANCE]: shortName(`${app}-${environment}`), [MANAGED_BY]: 'fairlead' };
}

/** What the pods of one process have; a Deployment selects them by their track as well. */
export function processLabels(ids: Record<string, string>, process: string, track?: Track) {
  return { ...ids, [PROCESS]: process, ...(track !== undefined && { [TRACK]: track }) };
}

/** Annotation of a Secret without data: which values of Secrets Manager it is to have, as JSON of {@link SecretValue}s. */
export const SECRETS_MANAGER = 'fairlead.dev/secrets-manager';

/** One value of such a Secret. The roll-out function reads it just before it writes the Secret. */
export interface SecretValue {
  /** In the Secret's data, and the name of the variable. */
  key: string;
  /** Name or ARN of a secret of Secrets Manager. */
  id: string;
  versionId: string;
  /** Key of the JSON object that the secret's text is; all of the text when absent. */
  jsonKey?: string;
}

/** A label's value has 63 characters at most; the commit's first 12 are enough for people. */
export function version(commit: string): Record<string, string> {
  return { [VERSION]: commit.slice(0, 12) };
}
