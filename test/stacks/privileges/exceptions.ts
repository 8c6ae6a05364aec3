/** What a role may do though no call of the tour (test/e2e/permissions.test.ts) does it, and why. */
export interface Exception {
  role: RegExp;
  action: RegExp;
  resource?: RegExp;
  /** Who needs it, and what shows that. */
  why: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    role: /ServiceRole$/,
    action: /^xray:/,
    why: 'Lambda sends the segments itself while tracing is active (test/stacks/pipeline.test.ts); the local cloud has no X-Ray',
  },
];
