import type { KubernetesObject } from '../../object.ts';
import type { Kind } from '../kinds.ts';
import { age } from './age.ts';
import { appColumns } from './apps.ts';
import type { Column } from './column.ts';
import { coreColumns } from './core.ts';
import { otherColumns } from './others.ts';

/** The columns of each kind between its name and its end. Source: kubernetes `pkg/printers/internalversion/printers.go`. */
const columnsOf: Record<string, readonly Column[]> = { ...coreColumns, ...appColumns, ...otherColumns };

const name: Column = { name: 'Name', format: 'name', value: ({ metadata }) => metadata.name };
const created: Column = { name: 'Age', value: ({ metadata }) => age(metadata.creationTimestamp) };

export interface Row {
  cells: unknown[];
  object: KubernetesObject;
}

/** Objects as `kubectl get` prints them. Columns of priority 1 are those of `-o wide`. */
export function tableOf(kind: Kind, objects: readonly KubernetesObject[]) {
  // Events begin with when they were last seen, and have no age.
  const columns =
    kind.kind === 'Event' ? (columnsOf.Event ?? []) : [name, ...(columnsOf[kind.kind] ?? [created])];
  return {
    columnDefinitions: columns.map(({ name: title, type = 'string', format = '', wide = false }) => ({
      name: title,
      type,
      format,
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object): Row => ({ cells: columns.map(({ value }) => value(object)), object })),
  };
}
