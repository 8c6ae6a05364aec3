import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from './privileges/installation.ts';
import { lost, replacingProperties, type Stateful, statefulOf } from './privileges/stateful.ts';
import type { Template } from './privileges/statements.ts';

const path = join(import.meta.dirname, 'stateful.json');

let templates: Record<string, Template>;
let baseline: Stateful;
beforeAll(() => {
  templates = synthesize();
  // How a change is accepted that is meant (docs/privileges.md).
  if (process.env.UPDATE_STATEFUL === '1')
    writeFileSync(path, `${JSON.stringify(statefulOf(templates), null, 2)}\n`);
  baseline = JSON.parse(readFileSync(path, 'utf8'));
}, 240_000);

/** The templates with one resource changed. */
function changed(prefix: string, change: (resource: Template['Resources'][string]) => void) {
  const copy = structuredClone(templates);
  for (const { Resources } of Object.values(copy))
    for (const [id, resource] of Object.entries(Resources)) if (id.startsWith(prefix)) change(resource);
  return lost(baseline, statefulOf(copy));
}

function renamed(prefix: string) {
  const copy = structuredClone(templates);
  for (const template of Object.values(copy))
    template.Resources = Object.fromEntries(
      Object.entries(template.Resources).map(([id, resource]) => [
        id.startsWith(prefix) ? `Renamed${id}` : id,
        resource,
      ]),
    );
  return lost(baseline, statefulOf(copy));
}

describe('an update', () => {
  it('replaces nothing that holds state', () => {
    expect(lost(baseline, statefulOf(templates))).toEqual([]);
  });

  it('brings nothing that holds state without anybody having looked at it', () => {
    expect(Object.keys(statefulOf(templates)).filter((name) => !(name in baseline))).toEqual([]);
  });

  it.each([
    ['Ledger', 'KeySchema', [{ AttributeName: 'id', KeyType: 'HASH' }]],
    ['WebhookSecret', 'Name', 'another'],
    ['DeadLetters', 'QueueName', 'another'],
    ['AppRepositories', 'Prefix', 'apps'],
    ['OfficialImages', 'EcrRepositoryPrefix', 'hub'],
    ['DeployLogs', 'LogGroupName', '/fairlead/deploy'],
    ['Deploy', 'FunctionName', 'fairlead-deploy'],
  ])('that replaces it is noticed: %s gets another %s', (prefix, property, value) => {
    const found = changed(prefix, (resource) => {
      resource.Properties = { ...resource.Properties, [property]: value };
    });
    expect(found.join('\n')).toMatch(new RegExp(`${prefix}\\w* .*would be replaced: ${property} changed`));
  });

  it.each(['Ledger', 'WebhookSecret', 'DeadLetters', 'Deploy'])(
    'that renames it is noticed: %s',
    (prefix) => {
      expect(renamed(prefix).join('\n')).toMatch(new RegExp(`${prefix}\\w* .*is gone`));
    },
  );

  it('that takes the executions from the function that holds them is noticed', () => {
    const found = changed('Deploy', ({ Properties }) => {
      delete Properties?.DurableConfig;
    });
    expect(found).toEqual([expect.stringMatching(/^pipeline\/Deploy\w+ \(AWS::Lambda::Function\) is gone/)]);
  });

  it('that no longer keeps it when it is removed is noticed', () => {
    const found = changed('Ledger', (resource) => {
      resource.DeletionPolicy = 'Delete';
    });
    expect(found.join()).toMatch(/Ledger\w* was kept \(Retain\) and is not any more/);
  });

  it('of anything else is let through', () => {
    const found = changed('Ledger', (resource) => {
      resource.Properties = { ...resource.Properties, BillingMode: 'PROVISIONED' };
    });
    expect(found).toEqual([]);
  });
});

describe('what replaces a resource', () => {
  it('is what CloudFormation’s specification says', () => {
    expect(replacingProperties('AWS::DynamoDB::GlobalTable')).toEqual([
      'KeySchema',
      'LocalSecondaryIndexes',
      'TableName',
    ]);
  });

  it('is not known of a type that there is not', () => {
    expect(() => replacingProperties('AWS::None::Such')).toThrow(/is no type/);
  });
});
