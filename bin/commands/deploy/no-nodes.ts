import type { Config } from '../../../lib/config/config.ts';

/**
 * What a person has to hear where no node of a cluster takes what is built for it; nothing where one does, or where there
 * are no nodes that would tell. `architectures` are those of its nodes, as `kubernetes.io/arch` has them; `deploy` is the command that deploys. Pure.
 */
export function noNodesWarning(
  architectures: readonly string[] = [],
  platform: Config['platform'],
  deploy: string,
): string | undefined {
  const wanted = platform.replace('linux/', '');
  if (architectures.length === 0 || architectures.includes(wanted)) return undefined;
  const own = architectures.join(' or ');
  const other = architectures.includes('amd64') ? 'linux/amd64' : 'linux/arm64';
  return `images are built for ${platform}, and the cluster's nodes are for ${own}: none of them takes the pods. Write platform: '${other}' in fairlead.config.ts and run ${deploy} again, or add nodes for ${wanted} (an autoscaler may bring them by itself).`;
}
