import { App } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { installation } from '../../../bin/installation.ts';
import { DEFAULTS } from '../../../lib/config/config.ts';
import { secretArn } from '../../../local/aws/services/secrets-manager.ts';
import { Counterparts } from './counterparts.ts';
import { type Role, rolesOf, type Template } from './statements.ts';

const PLACE = { region: 'us-east-1', account: '000000000000' };

/** An installation with everything in it that has a role. */
export function synthesize(): Record<string, Template> {
  const stacks = installation(new App(), { ...DEFAULTS, engines: { microvm: true, codebuild: true } });
  return Object.fromEntries(
    Object.entries(stacks).map(([name, stack]) => [
      name,
      structuredClone(Assertions.fromStack(stack).toJSON()) as Template,
    ]),
  );
}

/** What the local cloud calls what the templates make. */
const NAMES = {
  secrets: {
    WebhookSecret: secretArn(PLACE, 'fairlead/webhook'),
    HostToken: secretArn(PLACE, 'fairlead/host-token'),
    MicroVmsKey: secretArn(PLACE, 'fairlead/microvm'),
  },
  tables: { Ledger: 'fairlead-ledger', CodeBuildLent: 'fairlead-lent' },
  queues: { DeadLetters: 'fairlead-dead-letters' },
  cluster: 'fairlead',
  project: 'fairlead-builder',
  microVmImage: 'arn:aws:lambda:us-east-1:000000000000:microvm-image:fairlead',
};

/** The roles of all templates, by what sessions of them are called in the local cloud (`fairlead-deploy`), or by logical id. */
export function rolesByName(templates: Record<string, Template>): Map<string, Role> {
  const counterparts = new Counterparts(Object.values(templates), NAMES);
  const roles = new Map<string, Role>();
  for (const template of Object.values(templates)) {
    const functions = counterparts.functionsByRole(template);
    for (const [id, role] of rolesOf(template, (value) => counterparts.resolve(value, template))) {
      const name = functions.get(id);
      roles.set(name === undefined ? localName(id) : `fairlead-${name}`, role);
    }
  }
  return roles;
}

function localName(id: string): string {
  if (id.startsWith('CodeBuildRole')) return 'fairlead-codebuild';
  return id.startsWith('LentRole') ? 'fairlead-lent' : id;
}
