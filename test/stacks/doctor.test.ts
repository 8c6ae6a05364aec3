import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { STACKS } from '../../bin/commands/doctor/stacks.ts';
import { installation } from '../../bin/installation.ts';
import { outputsOf, RESOURCES } from '../unit/bin/doctor-aws.ts';

/** By the stack's name. */
const templates = new Map<string, Template>();
beforeAll(() => {
  for (const stack of Object.values(installation(new App())))
    if (stack instanceof Stack) templates.set(stack.stackName, Template.fromStack(stack));
}, 120_000);

it('the doctor looks for the stacks that an installation has', () => {
  expect([...templates.keys()].sort()).toEqual(Object.values(STACKS).sort());
});

describe('what the doctor’s tests are told of a stack', () => {
  it.each(Object.entries(RESOURCES))(
    '%s: resources have the types and names of its template',
    (name, told) => {
      const template = templates.get(name);
      for (const [type, logicalId] of told)
        expect(Object.keys(template?.findResources(type) ?? {}), type).toContain(logicalId);
    },
  );

  // One that the tests do not know of would be looked at by nobody's test.
  it.each(['AWS::SecretsManager::Secret', 'AWS::SQS::Queue', 'AWS::DynamoDB::GlobalTable'])(
    'all of its %s are among them',
    (type) => {
      for (const [name, template] of templates)
        expect(
          (RESOURCES[name] ?? [])
            .filter(([one]) => one === type)
            .map(([, id]) => id)
            .sort(),
        ).toEqual(Object.keys(template.findResources(type)).sort());
    },
  );

  it.each(Object.values(STACKS))('%s: its outputs are called so', (name) => {
    const template = templates.get(name);
    for (const output of Object.keys(outputsOf(name)))
      expect(Object.keys(template?.findOutputs('*') ?? {})).toContain(output);
  });
});
