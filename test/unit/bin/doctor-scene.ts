import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { examine } from '../../../bin/commands/doctor/examine.ts';
import type { Finding } from '../../../bin/commands/doctor/finding.ts';
import { type Answers, DoctorAws, HEALTHY } from './doctor-aws.ts';

/** An account for the tests of one file, in which nothing is wrong but what `look` is told. */
export interface DoctorScene {
  aws: DoctorAws;
  /** Without a configuration of its own. */
  folder: string;
  look(answers?: Answers, where?: string): Promise<Finding[]>;
}

export function doctorScene(): DoctorScene {
  const aws = new DoctorAws();
  const scene: DoctorScene = {
    aws,
    folder: '',
    async look(answers = {}, where = scene.folder) {
      aws.answers = { ...HEALTHY, ...answers };
      return await examine({ function: 'fairlead-operate', folder: where });
    },
  };
  beforeAll(async () => {
    await aws.start();
    scene.folder = await mkdtemp(join(tmpdir(), 'fairlead-doctor-'));
    const variables = {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_MAX_ATTEMPTS: '1',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await aws.close();
    await rm(scene.folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    aws.answers = HEALTHY;
    aws.asked.length = 0;
  });
  return scene;
}

export function wrong(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ is }) => is === 'not-ok');
}
