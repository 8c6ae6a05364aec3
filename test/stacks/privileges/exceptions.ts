/** What a role may do though no call of the tour (test/e2e/permissions.test.ts) does it, and why. */
export interface Exception {
  role: RegExp;
  action: RegExp;
  resource?: RegExp;
  /** Who needs it. */
  why: string;
  /** The test that shows it: its file, and words of its name. */
  shown: readonly [file: string, name: string];
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    role: /ServiceRole$/,
    action: /^xray:/,
    why: 'Lambda sends segments itself while tracing is active; the local cloud has no X-Ray',
    shown: ['test/stacks/limits.test.ts', 'trace'],
  },
  {
    role: /ServiceRole$/,
    action: /^sqs:SendMessage$/,
    why: 'Lambda puts events aside in the name of a function that could not handle them',
    shown: ['test/e2e/alarms.test.ts', 'and waits in the queue'],
  },
  {
    role: /^OperateServiceRole$/,
    action: /^sqs:(DeleteMessage|ChangeMessageVisibility)$/,
    why: 'Takes an event that was handled after all out of the queue, and puts others back',
    shown: ['test/e2e/alarms.test.ts', 'is done after all, once'],
  },
  {
    role: /^OperateServiceRole$/,
    action: /^lambda:InvokeFunction$/,
    resource: /:function:(watch-alarm|receive-push)$/,
    why: 'Has an event handled after all by the function that it was for',
    shown: ['test/unit/operate/dead-letters.test.ts', 'function'],
  },
  {
    role: /^BuildImageServiceRole$/,
    action: /^codebuild:StopBuild$/,
    why: 'Ends a build that a newer one for the same environment supersedes',
    shown: ['test/unit/engine/codebuild-engine.test.ts', 'is stopped when a newer one'],
  },
  {
    role: /^BuildImageServiceRole$/,
    action: /^lambda:ResumeMicrovm$/,
    why: 'Wakes a MicroVM that was suspended, which takes a minute of quiet',
    shown: ['test/unit/microvm/engine.test.ts', 'find their VM asleep and wake it up'],
  },
  {
    role: /^BuildImageServiceRole$/,
    action: /^lambda:TerminateMicrovm$/,
    why: 'Ends a MicroVM that is of no more use',
    shown: ['test/unit/microvm/engine.test.ts', 'make the calls that the role of the builder allows'],
  },
  {
    role: /^DeployServiceRole$/,
    action: /^lambda:GetDurableExecutionState$/,
    why: 'Reads what an execution did before, where that is more than an event holds',
    shown: ['test/unit/local-lambda/durable.test.ts', 'a state larger than an event'],
  },
  {
    role: /^LentRole$/,
    action: /^ecr:CreateRepository$/,
    resource: /docker\.io/,
    why: 'BuildKit fetches what the builder has not read before it: the frontend that a `# syntax=` names',
    shown: ['test/unit/local-aws/registry-door.test.ts', 'of the mirror are those of a pull-through cache'],
  },
  {
    role: /^MicroVmsBuildRole$/,
    action: /./,
    why: 'Lambda makes the image of MicroVMs with it, when it is deployed',
    shown: ['test/stacks/microvms.test.ts', 'lets the image be built from its own code'],
  },
];
