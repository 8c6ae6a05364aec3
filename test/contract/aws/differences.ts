import { test } from 'vitest';
import type { Place } from './place.ts';

/**
 * What moto (5.1.1) answers otherwise than AWS does, by the names of tests, and why. Each of these tests is run on moto
 * all the same, and has to fail there: what moto has got right since must not stay in this list.
 */
const MOTO: Record<string, string> = {
  'a secret that is not there is refused with the status of a wrong request':
    'it answers 404, where the API reference has 400',
  'a function that is not there is told by its name':
    'it takes any event in, and looks for the function later',
  'STS knows the caller by a token for EKS':
    'it tells services apart by the header Authorization, and takes a URL that was signed beforehand for one of S3',
  'a message says when it was sent':
    'it knows MessageSystemAttributeNames only by its older name, AttributeNames',
  'an alarm that is not there is absent': 'its CloudWatch answers in XML, which today’s clients do not speak',
  'a tag that nothing has finds no alarm': 'its tagging API breaks on alarms, with an internal error',
};

/** `test`, but for what the place is known to do otherwise than AWS: that has to fail there. */
export function testAt(name: Place['name']) {
  return (title: string, run: () => Promise<void>): void => {
    if (name === 'moto' && Object.hasOwn(MOTO, title)) test.fails(`${title} (${MOTO[title]})`, run);
    else test(title, run);
  };
}
