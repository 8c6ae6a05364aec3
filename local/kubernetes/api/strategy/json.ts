import type { KubernetesObject, ObjectMeta } from '../../object.ts';

/** A JSON object being filled in. Strategies read and write objects whose shape the schema has already checked. */
export type Json = { [field: string]: unknown };

/** An object on its way into the store, to be changed in place. */
export interface Draft extends KubernetesObject {
  metadata: ObjectMeta;
  spec?: Json;
  status?: Json;
}

/** The struct in that place, made when it is missing. */
export function struct(parent: Json, name: string): Json {
  parent[name] ??= {};
  return parent[name] as Json;
}

export function structs(parent: Json | undefined, name: string): Json[] {
  return (parent?.[name] ?? []) as Json[];
}

export function strings(parent: Json | undefined, name: string): Record<string, string> {
  return (parent?.[name] ?? {}) as Record<string, string>;
}

/** Sets what is missing. */
export function setDefaults(target: Json, defaults: Json): void {
  for (const [name, value] of Object.entries(defaults)) target[name] ??= value;
}
