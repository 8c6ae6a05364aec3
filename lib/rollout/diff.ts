/** What applying a release changes of one object. */
export interface Change {
  /** `Deployment web`, with its namespace where that is another than the release's. */
  object: string;
  is: 'created' | 'changed' | 'removed';
  /** One line for each field that changes: `.spec.replicas: 2 -> 3`. Values of secrets are never in it. */
  fields: readonly string[];
}
