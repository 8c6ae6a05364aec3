import type { SourceInstruction } from '../source.ts';
import { blanks, flags } from '../words.ts';
import type { Check, Warning } from './warning.ts';

/** `from x as y` or `FROM x AS y`, and no capitals in a stage's name: it is the same without them. */
export const checkFromCasing: Check = (_, { instructions }) =>
  instructions.filter(({ keyword }) => keyword === 'FROM').flatMap(ofFrom);

function ofFrom({ word, rest, line }: SourceInstruction): Warning[] {
  const [, as, name] = blanks(flags(rest).rest);
  if (as === undefined || name === undefined) return [];
  const warnings: Warning[] = [];
  if (name !== name.toLowerCase()) {
    const message = `the stage ${name} is called ${name.toLowerCase()}: capitals do not count in its name`;
    warnings.push({ rule: 'StageNameCasing', line, message });
  }
  const wanted = isLower(word) ? as.toLowerCase() : isUpper(word) ? as.toUpperCase() : as;
  if (as !== wanted) {
    const message = `${word} and ${as} are written differently, make it ${word} … ${wanted}`;
    warnings.push({ rule: 'FromAsCasing', line, message });
  }
  return warnings;
}

/** All keywords in capitals or all in small letters, as most of them are. */
export const checkKeywordCasing: Check = (_, { instructions }) => {
  const first = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  const ofStages = instructions.slice(Math.max(first, 0));
  const lower = ofStages.filter(({ word }) => isLower(word)).length;
  const upper = ofStages.filter(({ word }) => isUpper(word)).length;
  const isWanted = lower > upper ? isLower : isUpper;
  return ofStages
    .filter(({ word }) => !isWanted(word))
    .map(({ word, keyword, line }) => {
      const wanted = lower > upper ? keyword.toLowerCase() : keyword;
      return {
        rule: 'ConsistentInstructionCasing',
        line,
        message: `${word} is written unlike the others, make it ${wanted}`,
      };
    });
};

function isLower(word: string): boolean {
  return word === word.toLowerCase();
}

function isUpper(word: string): boolean {
  return word === word.toUpperCase();
}
