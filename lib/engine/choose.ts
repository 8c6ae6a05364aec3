import type { BuildFacts } from '../build/plan/needs.ts';
import type { Platform } from '../image/types.ts';
import type { EngineName, RemoteEngine } from './types.ts';

export interface ChoiceInput {
  facts: BuildFacts;
  /** What the function itself runs on. */
  machine: Platform;
  /** What fairlead.yaml says. */
  pinned?: EngineName;
  /** Those that the installation has, the first one first. */
  engines: readonly RemoteEngine[];
  /** Engines that had no room, or not enough time, just now, each with the reason. */
  refused?: ReadonlyMap<EngineName, string>;
}

export type Choice =
  | { is: 'function' }
  /** `because` is one line for the person who pushed. */
  | { is: 'remote'; engine: RemoteEngine; because: string }
  /** Nobody here can do it; `why` continues "there is none here: …". */
  | { is: 'none'; why: string };

/** Who carries out a build: the function if it can, else the first engine that can. Pure. */
export function chooseEngine({ facts, machine, pinned, engines, refused = new Map() }: ChoiceInput): Choice {
  const [need] = facts.needs(machine);
  const slow = refused.get('function');
  const isOurs = pinned === 'function' || (pinned === undefined && need === undefined);
  if (isOurs && slow === undefined) return { is: 'function' };
  const candidates = engines.filter(({ name }) => pinned === undefined || name === pinned);
  if (candidates.length === 0) return { is: 'none', why: notInstalled(pinned) };
  const passedOver: string[] = [];
  for (const engine of candidates) {
    const why = refused.get(engine.name) ?? engine.whyNot(facts);
    if (why !== undefined) {
      passedOver.push(`not in ${engine.title}: ${why}`);
      continue;
    }
    const reason =
      pinned !== undefined
        ? `building in ${engine.title}, as fairlead.yaml says`
        : need !== undefined
          ? `${need.instruction} (${need.file}:${need.line}) needs ${engine.title}: ${need.why}`
          : `building in ${engine.title}: in the function ${slow}`;
    return { is: 'remote', engine, because: [reason, ...passedOver].join('; ') };
  }
  return { is: 'none', why: passedOver.join('; ') };
}

function notInstalled(pinned: EngineName | undefined): string {
  if (pinned === 'function') return 'fairlead.yaml asks for the function';
  if (pinned === 'microvm') return 'fairlead.yaml asks for a MicroVM, and this installation has none';
  if (pinned === 'codebuild')
    return 'fairlead.yaml asks for CodeBuild, and this installation does not have it';
  return 'this installation has neither MicroVMs nor CodeBuild';
}
