/**
 * Nodes for images that are for arm64, as Auto Mode's own pool `general-purpose` has them for amd64 (Amazon EKS User
 * Guide, "Create a Node Pool for EKS Auto Mode"). Pods say by `kubernetes.io/arch` which ones they need; a pool without
 * pods has no nodes.
 */
export const ARM64_NODES = {
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name: 'fairlead-arm64', labels: { 'app.kubernetes.io/managed-by': 'fairlead' } },
  spec: {
    template: {
      spec: {
        nodeClassRef: { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'default' },
        requirements: [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] },
          { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
          { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
          { key: 'eks.amazonaws.com/instance-category', operator: 'In', values: ['c', 'm', 'r'] },
          { key: 'eks.amazonaws.com/instance-generation', operator: 'Gt', values: ['4'] },
        ],
        expireAfter: '336h',
        terminationGracePeriod: '24h',
      },
    },
    disruption: {
      budgets: [{ nodes: '10%' }],
      consolidateAfter: '30s',
      consolidationPolicy: 'WhenEmptyOrUnderutilized',
    },
  },
};
