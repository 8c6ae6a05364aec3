import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { FairleadError, messageOf } from '../lib/errors.ts';
import { HOST_KINDS } from '../lib/host-kind.ts';
import { ANY_APP, type Deploys } from '../lib/push/installation.ts';
import { text, type Variables } from './variables.ts';

/**
 * What the installation deploys: the JSON file that INSTALLATION_FILE names, from the folder of the function's code on.
 * Without that variable, what holds without a word of the installation.
 * @throws FairleadError `env/invalid-installation`
 */
export function readInstallation(variables: Variables): Deploys {
  const { INSTALLATION_FILE: name, LAMBDA_TASK_ROOT: root = '.' } = variables;
  if (!name) return ANY_APP;
  const path = resolve(root, name);
  const result = schema().safeParse(contentOf(path));
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw invalid(path, `${first?.path.join('.')}: ${first?.message}`);
}

const rules = () => ({
  environments: z.record(text(), text()),
  previews: z.object({
    of: z.enum(['off', 'branches', 'pull-requests']),
    branches: z.array(text()),
    ttl: z.int().check(z.positive()),
    most: z.int().check(z.positive()),
    quota: z.object({ cpu: text(), memory: text(), pods: z.int().check(z.positive()) }),
  }),
});

/** {@link Deploys} */
const schema = () =>
  z.object({
    apps: z.array(
      z.object({
        app: text(),
        // CodeCommit knows no owners.
        repository: z.object({ host: z.enum(HOST_KINDS), owner: z.string(), repository: text() }),
        ...rules(),
      }),
    ),
    others: z.union([z.literal('ignored'), z.object(rules())]),
  });

function contentOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
}

function invalid(path: string, cause: string): FairleadError {
  return new FairleadError({
    code: 'env/invalid-installation',
    operation: 'reading what the installation deploys',
    place: path,
    cause,
    remedy: 'deploy the installation anew',
  });
}
