import { afterAll, beforeAll, describe } from 'vitest';
import { testAt } from './differences.ts';
import { identitySuite } from './identity-suite.ts';
import { lambdaSuite } from './lambda-suite.ts';
import { lookSuite } from './look-suite.ts';
import type { Place } from './place.ts';
import { queueSuite } from './queue-suite.ts';
import { secretsSuite } from './secrets-suite.ts';

/** One part of the suite; the place is there once a test runs. */
export type Part = (test: ReturnType<typeof testAt>, place: () => Place) => void;

const PARTS: Record<string, Part> = {
  'Secrets Manager': secretsSuite,
  Lambda: lambdaSuite,
  'ECR, STS and EKS': identitySuite,
  CloudWatch: lookSuite,
  'SQS and SNS': queueSuite,
};

/** What our own clients ask of AWS, and what they make of its answers. */
export function awsSuite(name: Place['name'], start: () => Promise<Place>): void {
  let place: Place | undefined;
  const there = () => {
    if (place === undefined) throw new Error(`${name} is not there`);
    return place;
  };
  beforeAll(async () => {
    place = await start();
  }, 600_000);
  afterAll(async () => await place?.close());
  for (const [service, part] of Object.entries(PARTS)) describe(service, () => part(testAt(name), there));
}
