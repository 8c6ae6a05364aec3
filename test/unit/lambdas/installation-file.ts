import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ANY_APP, type Deploys } from '../../../lib/push/installation.ts';
import type { Previews } from '../../../lib/push/previews.ts';

/** Every repository, with such previews. */
export function withPreviews(previews: Partial<Previews>): Deploys {
  const { others } = ANY_APP;
  return { ...ANY_APP, others: { ...others, previews: { ...others.previews, ...previews } } };
}

/** A file that says what is deployed, and how it goes away again. */
export function installationFile(deploys: unknown): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-installation-'));
  const path = join(folder, 'installation.json');
  writeFileSync(path, typeof deploys === 'string' ? deploys : JSON.stringify(deploys));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** {@link installationFile} for one test. */
export function installationForTest(deploys: unknown): string {
  const { path, remove } = installationFile(deploys);
  onTestFinished(remove);
  return path;
}
