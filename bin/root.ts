/**
 * The root of the clone that the command `fairlead` is from. bin/fairlead.js says it: the bundle that it makes of this
 * knows no more where it came from.
 */
export function root(): string {
  return process.env.FAIRLEAD_ROOT ?? process.cwd();
}
