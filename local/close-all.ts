/**
 * Ends the parts one after the other, all of them: one that cannot clean up must not keep the others, and with them this
 * process, from ending.
 * @throws the error of the first part that failed, after the last one has ended
 */
export async function closeAll(ends: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of ends) await end().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
