import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readInstallation } from '../../../lambdas/installation.ts';
import { ANY_APP, type Deploys } from '../../../lib/push/installation.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import { installationForTest } from './installation-file.ts';

const deploys: Deploys = {
  apps: [
    {
      app: 'shop',
      repository: { host: 'codecommit', owner: '', repository: 'shop' },
      environments: { production: 'main', staging: 'develop' },
      previews: { ...NO_PREVIEWS, of: 'branches', branches: ['feature/*'] },
    },
  ],
  others: 'ignored',
};

describe('the file of an installation', () => {
  test('is read as it was written', () => {
    expect(readInstallation({ INSTALLATION_FILE: installationForTest(deploys) })).toEqual(deploys);
    expect(readInstallation({ INSTALLATION_FILE: installationForTest(ANY_APP) })).toEqual(ANY_APP);
  });

  test('is looked for from the folder of the code on', () => {
    const path = installationForTest(deploys);
    const variables = { INSTALLATION_FILE: basename(path), LAMBDA_TASK_ROOT: dirname(path) };
    expect(readInstallation(variables)).toEqual(deploys);
  });

  test('may be absent: then the branch main of whoever knows the secret is deployed', () => {
    expect(readInstallation({})).toEqual(ANY_APP);
    expect(readInstallation({ INSTALLATION_FILE: '' })).toEqual(ANY_APP);
  });

  test.each([
    ['is not there', undefined, /no such file/],
    ['is no JSON', '{', /JSON/],
    ['has another shape', { ...deploys, apps: [{ app: 'shop' }] }, /apps\.0\.repository/],
  ])('that %s is an error that names it', (_what, content, why) => {
    const INSTALLATION_FILE = content === undefined ? '/nowhere/x.json' : installationForTest(content);
    expect(() => readInstallation({ INSTALLATION_FILE })).toThrow(why);
    expect(() => readInstallation({ INSTALLATION_FILE })).toThrow(INSTALLATION_FILE);
  });
});
