import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Implementation } from './implementation.ts';
import { Installation } from './installation.ts';
import { Scene } from './scene.ts';

/** Tests that share one installation on a cluster: `what` they are about, as in `rolling out on Kubernetes`. */
export function describeOn(
  { name: title, missing, lacks, start }: Implementation,
  what: string,
  tests: (scene: Scene) => void,
): void {
  const name = `${what} on ${title}${missing ? ` (${missing})` : ''}`;
  // A cluster may have other things to do, and so may this machine.
  describe.skipIf(missing !== undefined)(name, { timeout: 240_000 }, () => {
    const scene = new Scene(lacks);
    beforeAll(async () => {
      scene.on = new Installation(await start());
    }, 120_000);
    afterEach(() => scene.tidy());
    afterAll(() => scene.close());
    tests(scene);
  });
}
