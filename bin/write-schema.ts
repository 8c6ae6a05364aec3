// Writes schema/fairlead.schema.json, which a unit test compares with what is read: `node bin/write-schema.ts`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchema } from '../lib/app/schema/published.ts';

const folder = join(import.meta.dirname, '..', 'schema');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'fairlead.schema.json'), `${JSON.stringify(publishedSchema(), null, 2)}\n`);
