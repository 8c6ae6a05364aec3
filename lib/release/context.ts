import type { App } from '../app/types.ts';
import { hash } from './names.ts';
import type { KubernetesObject } from './types.ts';

/** What everything that is rendered for one release is rendered from. */
export interface Context {
  app: App;
  image: string;
  namespace: string;
  number: number;
  /** Labels of {@link IDENTITY}. */
  ids: Record<string, string>;
  /** Labels and annotations of every object. */
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  /** Version ids of secrets of Secrets Manager, by their id. */
  secretVersions: Readonly<Record<string, string>>;
}

/** The metadata of an object in the release's namespace, with more labels and annotations. */
export function metadataOf(
  { metadata, namespace }: Context,
  name: string,
  more: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
): KubernetesObject['metadata'] {
  return {
    name,
    namespace,
    labels: { ...metadata.labels, ...more.labels },
    annotations: { ...sorted(more.annotations ?? {}), ...metadata.annotations },
  };
}

/** A name that is another one whenever the content is, so that old pods keep what they refer to. */
export function nameByContent(name: string, content: unknown): string {
  return `${name}-${hash(JSON.stringify(content), 10)}`;
}

/** The same entries in the order of their keys: the same bytes, in whatever order they were written. */
export function sorted<T>(entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
