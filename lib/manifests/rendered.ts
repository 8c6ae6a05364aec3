import type { Checkout } from './checkout.ts';
import { fault } from './fault.ts';
import { objectsOf } from './objects.ts';
import { type Program, run } from './run.ts';
import type { Located } from './types.ts';
import { parseDocuments } from './yaml.ts';

/** What is rendered by another program. */
export interface Rendering {
  /** Whose: `kustomize`, `helm`. */
  tool: string;
  program: Program;
  /** What it renders, for people. */
  place: string;
  checkout: Checkout;
  /** What to do about a complaint, where that is known. */
  remedyFor?(complaint: string): string | undefined;
}

/**
 * The objects that a program writes.
 * @throws FairleadError `manifests/tool-failed`, `manifests/too-large`, and what its output deserves
 */
export async function rendered({ tool, program, place, checkout, remedyFor }: Rendering): Promise<Located[]> {
  const ran = await run(program);
  switch (ran.is) {
    case 'done': {
      const located = objectsOf(parseDocuments(ran.output, `${tool}'s output for ${place}`));
      if (located.length === 0) throw fault('empty', place, `${tool} renders no Kubernetes object from it`);
      return located;
    }
    case 'failed': {
      const complaint = plain(ran.complaint, checkout.root);
      const cause = complaint === '' ? `${tool} could not render it` : `${tool}: ${complaint}`;
      throw fault('tool-failed', place, cause, remedyFor?.(complaint));
    }
    case 'too-slow':
      throw fault('tool-failed', place, `${tool} did not end in time`, 'see what in it repeats itself');
    case 'too-much':
      throw fault('too-large', place, `${tool} writes more than 4 MiB of YAML`);
  }
}

const LONGEST = 1000;

/** One line, in the names of the repository. */
function plain(complaint: string, root: string): string {
  const line = complaint
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .split('\n')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !/^(WARN|# Warning|level=WARN)/.test(each))
    .join('; ')
    .replace(/^error: |^Error: /i, '');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}
