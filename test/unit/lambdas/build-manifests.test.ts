import { cp } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { manifestsIn, withManifests } from '../../../lambdas/build-image/manifests.ts';
import type { BuildAnswer, BuildRequest } from '../../../lib/build/request.ts';
import { failedAnswer } from '../../../lib/engine/failed-answer.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { unpack } from '../../../lib/manifests/pack.ts';
import { deployment, namesOf, withFiles } from '../manifests/repository.ts';

const REQUEST: BuildRequest = {
  subject: { delivery: 'd', app: 'shop', commit: 'c'.repeat(40) },
  repository: { host: 'github', owner: 'acme', name: 'shop' },
  publishTo: 'registry/shop',
  tags: [],
  environment: { name: 'production', namespace: 'shop' },
  fence: 1,
};
const FILES = {
  Dockerfile: 'FROM scratch\n',
  'fairlead.yaml': 'manifests: k8s\nenvironments: {preview: {manifests: missing}}\n',
  'k8s/web.yaml': `${deployment('web')}---\n${deployment('proxy', 'nginx:1')}`,
};
const BUILT = {
  outcome: 'built',
  digest: `sha256:${'a'.repeat(64)}`,
  image: 'i',
  exposedPorts: [],
  appFile: FILES['fairlead.yaml'],
  ms: 1,
  uploadedBytes: 0,
} as const satisfies BuildAnswer;

const read = (request: BuildRequest, appFile: string | undefined, notices: string[] = []) =>
  withFiles(FILES, (directory) =>
    manifestsIn({ directory, ...(appFile !== undefined && { appFile }) }, request, {}, (notice) =>
      notices.push(notice),
    ),
  );

describe('the manifests of a commit', () => {
  test('are read for the environment, and what there is to say is said', async () => {
    const notices: string[] = [];
    const manifests = await read(REQUEST, FILES['fairlead.yaml'], notices);
    expect(namesOf(unpack(manifests?.objects ?? ''))).toEqual(['Deployment web', 'Deployment proxy']);
    expect(notices).toEqual([expect.stringContaining('nginx:1')]);
    const preview = { ...REQUEST, environment: { name: 'preview-x', namespace: 'shop-x' } };
    await expect(read(preview, FILES['fairlead.yaml'])).rejects.toThrow(/no folder missing/);
  });

  test('are none where fairlead.yaml names none', async () => {
    expect(await read(REQUEST, undefined)).toBeUndefined();
    expect(await read(REQUEST, 'port: 80\n')).toBeUndefined();
  });
});

describe('the answer of a build that somebody else carried out', () => {
  test('gets the manifests of its commit, once it is over', async () => {
    let downloads = 0;
    const answerFor = (answer: BuildAnswer) =>
      withFiles(FILES, (directory) => {
        const download = async (_: unknown, __: string, into: string) => {
          downloads++;
          await cp(directory, into, { recursive: true });
          return [];
        };
        return withManifests(answer, REQUEST, { download }, {});
      });
    const answer = await answerFor(BUILT);
    expect(namesOf(unpack((answer as { manifests: { objects: string } }).manifests.objects))).toHaveLength(2);
    expect(downloads).toBe(1);
    const building: BuildAnswer = {
      outcome: 'building',
      engine: 'microvm',
      id: 'x',
      platform: 'linux/arm64',
    };
    expect(await answerFor(building)).toBe(building);
    const plain: BuildAnswer = { ...BUILT, appFile: 'port: 80\n' };
    expect(await answerFor(plain)).toBe(plain);
    expect(downloads).toBe(1);
  });
});

test.each([
  ['manifests/bad-compose', 'commit'],
  ['manifests/no-image', 'commit'],
  ['manifests/no-tool', 'elsewhere'],
])('a fault %s is blamed on %s', (code, blame) => {
  expect(failedAnswer(new FairleadError({ code, operation: 'o', cause: 'c' }))).toMatchObject({ blame });
});
