import { CommandFailed } from './where.ts';

/** What the file system says to what a command asks for; that the disk is full is not the command's fault. */
const REFUSALS = /^(ENOENT|ENOTDIR|EISDIR|EEXIST|ENOTEMPTY|ELOOP|ENAMETOOLONG|EINVAL)$/;

export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && REFUSALS.test(String(error.code));
}

/** Does one operand after the other: one that fails keeps no other from being done, and then the command has failed. */
export function eachOperand(
  command: string,
  operands: readonly string[],
  work: (operand: string) => void,
): void {
  const complaints: string[] = [];
  for (const operand of operands) {
    try {
      work(operand);
    } catch (error) {
      if (error instanceof CommandFailed) complaints.push(error.message);
      else if (isRefusal(error)) complaints.push(`${command}: ${error.message}`);
      else throw error;
    }
  }
  if (complaints.length > 0) throw new CommandFailed(complaints.join('\n'));
}
