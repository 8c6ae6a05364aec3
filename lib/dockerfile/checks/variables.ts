import { didYouMean } from '../faults.ts';
import type { Dockerfile, Instruction, Stage } from '../types.ts';
import { namesIn, namesOf } from './names.ts';
import { baseStages, type Check, chainOf, type Warning } from './warning.ts';

const SECRET = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const PUBLIC = /(?:_|^)public(?:_|$)/i;

/** Shorter names are like each other without being slips. */
const SHORTEST_SLIP = 4;

/** Images of Go set it, and it looks like a slip of PATH. */
const SET_BY_BASES = ['GOPATH'];

/** ARG and ENV are in the image for whoever has it. */
export const checkSecrets: Check = ({ stages }) =>
  stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((it) =>
      settersOf(it)
        .filter((name) => SECRET.test(name) && !PUBLIC.test(name))
        .map((name) => ({
          rule: 'SecretsUsedInArgOrEnv',
          line: it.line,
          message: `the image shows ${it.keyword} ${name} to everyone, take RUN --mount=type=secret,id=${name}`,
        })),
    );

/**
 * Variables that are set nowhere. What a base image sets is not known here, so that for a stage on an image only what
 * looks like a slip of another name is told.
 */
export const checkVariables: Check = (dockerfile) => {
  const bases = baseStages(dockerfile);
  return dockerfile.stages.flatMap((stage) => ofStage(chainOf(stage, bases), dockerfile));
};

function ofStage(chain: Stage[], dockerfile: Dockerfile): Warning[] {
  const stage = chain.at(-1) as Stage;
  const below = chain.slice(0, -1).flatMap(({ instructions }) => instructions);
  const isOnScratch = chain[0]?.from.image === 'scratch';
  const given = isOnScratch ? ['PATH'] : ['PATH', ...SET_BY_BASES];
  const known = new Set([...given, ...below.flatMap(settersOf)]);
  return stage.instructions.flatMap((instruction) => {
    const found = unknownNames(instruction, dockerfile, known);
    for (const name of settersOf(instruction)) known.add(name);
    return found.flatMap((name): Warning[] => {
      const meant = didYouMean(name, [...known]);
      const isSlip = meant !== '' && name.length >= SHORTEST_SLIP;
      if (!isSlip && !isOnScratch) return [];
      const message = `nothing sets $${name}, so that it is empty here${meant}`;
      return [{ rule: 'UndefinedVar', line: instruction.line, message }];
    });
  });
}

/** An ARG sees the ones before it in the same instruction; ENV sees what was before all of it. */
function unknownNames(
  instruction: Instruction,
  dockerfile: Dockerfile,
  known: ReadonlySet<string>,
): string[] {
  if (instruction.keyword !== 'ARG') {
    return namesOf(instruction, dockerfile).filter((name) => !known.has(name));
  }
  const seen = new Set(known);
  return instruction.args.flatMap(({ name, value = '' }) => {
    const found = namesIn([value], dockerfile, instruction.line).filter((used) => !seen.has(used));
    seen.add(name);
    return found;
  });
}

function settersOf(instruction: Instruction): string[] {
  if (instruction.keyword === 'ARG') return instruction.args.map(({ name }) => name);
  return instruction.keyword === 'ENV' ? instruction.pairs.map(([name]) => name) : [];
}
