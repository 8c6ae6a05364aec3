import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/mini';
import { appFileSchema } from '../schema.ts';
import { notes } from './notes.ts';

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  [keyword: string]: unknown;
}

/**
 * What editors and other tools check a `fairlead.yaml` with (JSON Schema, draft 2020-12). It refuses what the reader
 * refuses, but for what no JSON Schema can say: whether times with a unit are too long, and what is wrong only together.
 */
export function publishedSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(appFileSchema, {
    io: 'input',
    metadata: notes,
    override: ({ jsonSchema }) => entitle(jsonSchema as Schema),
  }) as Schema;
  return {
    $schema,
    title: 'fairlead.yaml',
    description: 'What an app says of itself to Fairlead. All of it is optional, and so is the file.',
    ...withReferences(rest),
  };
}

function entitle(schema: Schema): void {
  // What errors say is not for editors: they have the description.
  delete schema.allowed;
  for (const [name, property] of Object.entries(schema.properties ?? {})) property.title ??= name;
}

/** What environments have as well is there once. */
function withReferences(schema: Schema): Schema {
  const { properties = {} } = schema;
  const each = properties.environments?.additionalProperties;
  if (typeof each !== 'object') return schema;
  const inner = Object.entries(each.properties ?? {}).map(([name, property]) => [
    name,
    isDeepStrictEqual(property, properties[name]) ? { $ref: `#/properties/${name}` } : property,
  ]);
  each.properties = Object.fromEntries(inner);
  return schema;
}
