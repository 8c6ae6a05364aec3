import type { Nodes } from './cluster-setup.ts';
import { FIELD_MANAGER } from './owner.ts';

/**
 * How what `fairlead cluster-setup` prints is applied: as `applySetup` does it, under the same field manager and with
 * force. As somebody else than who applied them last, a role whose rules have changed would be a conflict.
 */
export const APPLY_SETUP = `kubectl apply --server-side --field-manager=${FIELD_MANAGER} --force-conflicts -f -`;

/** The command by which an administrator sets up a cluster. Without Auto Mode it makes the roles alone. Pure. */
export function setupCommand(nodes: Nodes): string {
  return `npx fairlead cluster-setup${nodes === 'auto-mode' ? ' --auto-mode' : ''} | ${APPLY_SETUP}`;
}
