import { FairleadError } from '../errors.ts';
import { fault, type Position } from './faults.ts';
import { readInstruction } from './instructions.ts';
import { readSource } from './source.ts';
import type { FromInstruction, Instruction } from './types.ts';

/**
 * The instructions that a base image's ONBUILD left for the builds on top of it, as `OnBuild` of its configuration
 * has them; they are carried out behind FROM, and stand at its line. Throws FairleadError `dockerfile/…` there.
 */
export function parseTriggers(
  triggers: readonly string[],
  from: FromInstruction,
  file: string,
): Instruction[] {
  const position = { file, line: from.line };
  return triggers.map((trigger) => {
    try {
      return readTrigger(trigger, from, position);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      const { code, cause } = error.fault;
      const name = code.slice(code.indexOf('/') + 1);
      const told = `${from.image} brings ONBUILD ${trigger.split('\n')[0]}: ${cause}`;
      throw fault(position, name, told, 'mend the base image, or use another');
    }
  });
}

// The escape character of the Dockerfile that wrote it is not known any more; the usual one counts, as in BuildKit.
function readTrigger(trigger: string, from: FromInstruction, position: Position): Instruction {
  const { instructions } = readSource(trigger, position.file);
  const [only, ...more] = instructions;
  if (only === undefined || more.length > 0) {
    throw fault(position, 'bad-argument', 'it has to be one instruction');
  }
  const { line, endLine } = from;
  const read = readInstruction({ ...only, line, endLine }, '\\', position.file);
  if (read.keyword === 'FROM' || read.keyword === 'ONBUILD' || read.keyword === 'MAINTAINER') {
    throw fault(position, 'bad-argument', `ONBUILD ${read.keyword} is not possible`);
  }
  return read;
}
