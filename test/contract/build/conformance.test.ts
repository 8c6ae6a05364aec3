import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FairleadError } from '../../../lib/errors.ts';
import { ADD } from './cases/add.ts';
import type { Case } from './cases/case.ts';
import { ARGS, CONFIG } from './cases/config.ts';
import { COPY } from './cases/copy.ts';
import { BUILD_ERRORS, SYNTAX_ERRORS } from './cases/errors.ts';
import { FROM } from './cases/from.ts';
import { GOLANG, GOLANG_ELSEWHERE } from './cases/golang.ts';
import { HEREDOC } from './cases/heredoc.ts';
import { NEWER, NEWER_ERRORS } from './cases/newer.ts';
import { MOUNTS, RUN } from './cases/run.ts';
import { SYNTAX } from './cases/syntax.ts';
import { differences } from './differences.ts';
import type { Result } from './files.ts';
import { type EngineName, Workshop, whyNoWorkshop } from './workshop.ts';

const missing = whyNoWorkshop();
const CASES = { ADD, ARGS, CONFIG, COPY, FROM, GOLANG, GOLANG_ELSEWHERE, HEREDOC, MOUNTS, RUN, SYNTAX };
/** Several cases share two cores, and a base is unpacked once for all. */
const PATIENCE = { timeout: 180_000 };
/** Said by its client, of what BuildKit refused: not of one that is not there. */
const REFUSED = /^ERROR: failed to (solve|build|run Build function): /m;
/** Cases with a RUN in a stage that is not built. */
const UNBUILT = ['a stage that nothing needs is not built', 'RUN false ; FROM scratch ; COPY a.txt /'];

/** Whether the function engine has to take a case: all without a RUN, and those of the commands that it does itself. */
function isForFunction(one: Case): boolean {
  if (GOLANG.includes(one) || UNBUILT.includes(one.name)) return true;
  return !/^\s*(ONBUILD\s+)?RUN\b/im.test(one.dockerfile) && !one.dockerfile.includes('TRIGGERS');
}

const ERRORS = { SYNTAX_ERRORS, BUILD_ERRORS };

describe.skipIf(missing !== undefined)(`docker build${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let workshop: Workshop;
  beforeAll(async () => {
    workshop = await new Workshop().start();
  }, 600_000);
  afterAll(async () => workshop?.close());

  describe.each(Object.entries(CASES))('%s', (_kind, cases) => {
    it.concurrent.each(cases.map((one) => [one.name, one] as const))('%s', PATIENCE, async (_name, one) => {
      const context = workshop.context(one);
      const [theirs, ...ours] = await Promise.all([workshop.theirs(one, context), ...engines(one, context)]);
      for (const made of ours.filter((results) => results !== undefined)) {
        const found = differences(theirs, made, one);
        if (found.length > 0) expect.fail(found.join('\n'));
      }
    });
  });

  /** What each engine makes of it: the sandbox always, the function engine what it has to take, and may take. */
  function engines(one: Case, context: string): Promise<Record<string, Result> | undefined>[] {
    const inFunction = workshop.ours(one, context, 'function').catch((error: unknown) => {
      const isRefused = error instanceof FairleadError && error.code === 'build/no-engine';
      if (isRefused && !isForFunction(one)) return undefined;
      throw error;
    });
    return [workshop.ours(one, context, 'sandbox'), inFunction];
  }

  describe.each(Object.entries({ ...ERRORS, NEWER_ERRORS }))('%s', (_kind, cases) => {
    it.concurrent.each(cases.map((one) => [one.name, one] as const))('%s', PATIENCE, async (_name, one) => {
      const context = workshop.context(one);
      if (one.theirs === undefined) await expect(workshop.theirs(one, context)).rejects.toThrow(REFUSED);
      const error = await workshop.ours(one, context).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(FairleadError);
      const { message, fault } = error as FairleadError;
      const details = (error as { details?: string }).details ?? '';
      expect(`${message}\n${details}`).toMatch(one.says);
      if (one.line !== undefined) expect(fault.place).toMatch(new RegExp(`^Dockerfile:${one.line}$`));
    });
  });

  describe('what Debian’s BuildKit does not know yet', () => {
    it.concurrent.each(NEWER.map((one) => [one.name, one] as const))('%s', PATIENCE, async (_name, one) => {
      const context = workshop.context(one);
      for (const engine of ['sandbox', undefined] satisfies (EngineName | undefined)[]) {
        const [made] = Object.values(await workshop.ours(one, context, engine));
        for (const [path, what] of Object.entries(one.files ?? {}))
          expect([path, made?.files[path]]).toEqual([path, what]);
        if (one.config !== undefined) expect(made?.config.config).toMatchObject(one.config);
      }
    });
  });
});
