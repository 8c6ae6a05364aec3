import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeIsolation } from '../../local/microvm/isolation.ts';
import { DockerEngine, whyNoDocker } from '../contract/codebuild/docker-engine.ts';
import { EXCEPTIONS } from '../stacks/privileges/exceptions.ts';
import { rolesByName, synthesize } from '../stacks/privileges/installation.ts';
import { type Call, type Grant, judge, roleOf } from '../stacks/privileges/judge.ts';
import type { Role } from '../stacks/privileges/statements.ts';
import { LocalCloud } from './harness/cloud.ts';
import { Tour } from './harness/tour.ts';

const isolation = await probeIsolation();
const noDocker = whyNoDocker() ?? whyNoAwsCli();
const noMicroVms = isolation.able
  ? undefined
  : 'a MicroVM is a process in namespaces, which are not allowed here';
/** What the tour has to leave out, by which rights stay unused. */
const leftOut = [noDocker, noMicroVms].filter((why) => why !== undefined).join('; ');

/** Machines of CodeBuild bring it. */
function whyNoAwsCli(): string | undefined {
  return spawnSync('aws', ['--version']).status === 0
    ? undefined
    : 'the command line of AWS is not installed';
}

/**
 * Goes through everything that an installation does, and holds each AWS call of it against the roles of the templates: all
 * are allowed, and nothing is allowed that none of them needs.
 */
describe('what the functions of an installation may do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-calls-'));
  const file = join(folder, 'calls.ndjson');
  let docker: DockerEngine | undefined;
  let cloud: LocalCloud | undefined;
  let roles: Map<string, Role>;
  let calls: Call[];
  let unused: Grant[];

  beforeAll(async () => {
    docker = noDocker === undefined ? await new DockerEngine().start() : undefined;
    // Debian's docker comes first: it is the one of that engine.
    const machine = { PATH: `/usr/bin:/bin:${process.env.PATH}`, DOCKER_HOST: docker?.host ?? '' };
    cloud = await LocalCloud.start(docker ? machine : {}, [
      ...['--record-calls', file, '--previews', 'branches', '--sweep-every', '2'],
      ...(docker ? ['--codebuild'] : []),
    ]);
    roles = rolesByName(synthesize());
    const tour = new Tour(cloud.ready);
    try {
      await tour.go({ microVms: isolation.able, codeBuild: docker !== undefined });
    } finally {
      await tour.end();
      await cloud.stop();
    }
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    calls = lines.map((line) => JSON.parse(line) as Call);
  }, 900_000);
  afterAll(async () => {
    await cloud?.stop();
    await docker?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('was seen: every role that calls AWS has called it, beside people and tests', () => {
    const callers = new Set(calls.map(roleOf));
    const known = [...roles.keys()].filter((name) => name.startsWith('fairlead-'));
    const possible = known.filter((name) => docker !== undefined || name !== 'fairlead-codebuild');
    expect(possible.filter((name) => !callers.has(name))).toEqual([]);
    expect([...callers].filter((name) => !roles.has(name))).toEqual(['fairlead-person']);
  });

  it('suffices: every call is allowed', { timeout: 120_000 }, async () => {
    const judged = await judge(calls, roles);
    unused = judged.unused;
    expect(judged.refused).toEqual([]);
  });

  it.skipIf(leftOut !== '')(
    `is needed: a call uses it, or a reason says who does${leftOut && ` (${leftOut})`}`,
    () => {
      const unexplained = unused.filter((grant) => !EXCEPTIONS.some((known) => covers(known, grant)));
      expect(unexplained).toEqual([]);
    },
  );

  it('has no reason that explains nothing', () => {
    const needless = EXCEPTIONS.filter((known) => !unused.some((grant) => covers(known, grant)));
    // On a machine without MicroVMs or docker, more is unused than these reasons are for; none is less so.
    expect(needless).toEqual([]);
  });

  it('is found out when one permission is missing, whichever', { timeout: 300_000 }, async () => {
    const found: string[] = [];
    const wanted: string[] = [];
    for (const [name, role] of roles) {
      const used = role.statements.flatMap(({ Action }) => Action);
      // One of each service suffices: the evaluation is the same for all.
      const byService = new Map(used.map((action) => [action.split(':')[0], action]));
      for (const action of byService.values()) {
        if (unused.some((grant) => grant.role === role.name && grant.action === action)) continue;
        const mine = calls.filter((call) => roleOf(call) === name && isOf(call, action));
        wanted.push(`${role.name} without ${action}`);
        const { refused } = await judge(mine, new Map([[name, without(role, action)]]));
        if (refused.length > 0) found.push(`${role.name} without ${action}`);
      }
    }
    expect(wanted.length).toBeGreaterThan(15);
    expect(found).toEqual(wanted);
  });

  it('is found out when one permission is too many', { timeout: 120_000 }, async () => {
    const role = roles.get('fairlead-sweep');
    if (role === undefined) throw new Error('there is no sweep');
    const [ledger] = role.statements.filter(({ Action }) => Action.includes('dynamodb:Query'));
    const more = {
      Effect: 'Allow' as const,
      Action: ['dynamodb:DeleteItem'],
      Resource: ledger?.Resource ?? [],
    };
    const wide = { ...role, statements: [...role.statements, more] };
    const mine = calls.filter((call) => roleOf(call) === 'fairlead-sweep');
    const judged = await judge(mine, new Map([['fairlead-sweep', wide]]));
    const unexplained = judged.unused.filter((grant) => !EXCEPTIONS.some((known) => covers(known, grant)));
    expect(unexplained).toEqual([
      { role: role.name, action: 'dynamodb:DeleteItem', resource: ledger?.Resource[0] },
    ]);
  });
});

function covers(known: (typeof EXCEPTIONS)[number], { role, action, resource }: Grant): boolean {
  return known.role.test(role) && known.action.test(action) && (known.resource?.test(resource) ?? true);
}

function isOf({ service, action }: Call, wanted: string): boolean {
  return `${service}:${action}` === wanted;
}

function without(role: Role, action: string): Role {
  const statements = role.statements.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((one) => one !== action),
  }));
  return { ...role, statements: statements.filter(({ Action }) => Action.length > 0) };
}
