import * as z from 'zod/mini';

/** What people are told about a field: by editors, through the published JSON Schema, and by errors. */
export interface Note {
  /** What it is, and what it is for. */
  description: string;
  /** What may stand there, as `port has to be …` goes on; of the nearest field above where it is absent. */
  allowed?: string;
  /** What holds where the field is absent, if it is always the same. */
  default?: unknown;
  examples?: unknown[];
}

/** What is known of fields beyond their type. */
export const notes = z.registry<Note>();

/** An optional field: all of them are. */
export function field<T extends z.ZodMiniType>(schema: T, note: Note): z.ZodMiniOptional<T> {
  return z.optional(needed(schema, note));
}

/** A field that what it belongs to is nothing without. */
export function needed<T extends z.ZodMiniType>(schema: T, note: Note): T {
  notes.add(schema, note);
  return schema;
}
