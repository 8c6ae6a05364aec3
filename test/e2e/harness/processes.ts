import { readdirSync, readFileSync } from 'node:fs';

/** Pids of the execution environments that this process has started for a function. */
export function environmentsOf(name: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => isOurs(pid) && variablesOf(pid).includes(`AWS_LAMBDA_FUNCTION_NAME=${name}`));
}

function isOurs(pid: number): boolean {
  return new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(read(`/proc/${pid}/status`));
}

function variablesOf(pid: number): string[] {
  return read(`/proc/${pid}/environ`).split('\0');
}

/** Empty of a process that has gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
