import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as flags from '../../../bin/commands/build-flags.ts';
import { byRepository, parseOutput, whyNotOutputs } from '../../../bin/commands/build-output.ts';
import { renderBytes } from '../../../lib/report/bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-flags-'));
const socket = join(folder, 'agent');
const agent = createServer();
beforeAll(() => new Promise<void>((resolve) => agent.listen(socket, resolve)));
afterAll(() => {
  agent.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('--output', () => {
  it.each<[string, object]>([
    ['registry', { kind: 'registry', names: [] }],
    ['type=registry', { kind: 'registry', names: [] }],
    ['type=image,name=a/b:1,push=true', { kind: 'registry', names: ['a/b:1'] }],
    ['type=image', { kind: 'nowhere' }],
    ['type=cacheonly', { kind: 'nowhere' }],
    ['oci-dir=a,b', { kind: 'oci-dir', path: 'a,b', names: [] }],
    ['oci-archive=x.tar', { kind: 'oci-archive', path: 'x.tar', names: [] }],
    ['type=oci,dest=x.tar', { kind: 'oci-archive', path: 'x.tar', names: [] }],
    ['type=oci,tar=false,dest=x', { kind: 'oci-dir', path: 'x', names: [] }],
    ['type=docker', { kind: 'docker-archive', path: '-', names: [] }],
    ['type=local,dest=out', { kind: 'files', path: 'out', names: [] }],
    ['out', { kind: 'files', path: 'out', names: [] }],
    ['type=tar', { kind: 'tar', path: '-', names: [] }],
    ['-', { kind: 'tar', path: '-', names: [] }],
  ])('%s', (text, output) => {
    expect(parseOutput(text)).toEqual(output);
  });

  it.each<[string, RegExp]>([
    ['docker', /write type=oci/],
    ['type=floppy', /write type=oci/],
    ['dest=x', /write type=oci/],
    ['type=local', /needs dest=/],
    ['type=oci,tar=false', /needs dest=/],
    ['type=oci,dst=x', /there is no dst; it takes type, dest/],
  ])('%s is none', (text, why) => {
    expect(() => parseOutput(text)).toThrow(why);
  });

  it.each<[string[], string[], object, RegExp | undefined]>([
    [['registry'], [], {}, /needs a name: add -t NAME/],
    [['registry'], ['a'], {}, undefined],
    [['type=registry,name=b'], [], {}, undefined],
    [['type=tar'], [], { isTerminal: true }, /nothing for a terminal/],
    [['type=tar'], [], {}, undefined],
    [['type=tar', 'type=oci'], [], {}, /only one output/],
    [['type=docker,dest=x'], [], { platforms: 2 }, /one platform/],
  ])('%j with the names %j: %s', (outputs, names, given, why) => {
    const told = whyNotOutputs(outputs.map(parseOutput), names, {
      platforms: 1,
      isTerminal: false,
      ...given,
    });
    expect(told ?? '').toMatch(why ?? /^$/);
  });

  it('groups names by their repository', () => {
    expect(byRepository(['a', 'a:2', 'localhost:5000/a:2', 'a:2'])).toEqual(
      new Map([
        ['docker.io/library/a', ['latest', '2']],
        ['localhost:5000/a', ['2']],
      ]),
    );
  });
});

describe('--build-arg', () => {
  it('takes a value that is left out from the environment, and is no arg when that has none', () => {
    const parse = flags.pairsFrom({ HERE: 'x' });
    expect(parse('NONE', parse('HERE', parse('A=b=c', parse('EMPTY='))))).toEqual({
      A: 'b=c',
      HERE: 'x',
      EMPTY: '',
    });
    expect(() => parse('=x')).toThrow('write NAME=VALUE');
  });
});

describe('--allow', () => {
  it('is a list of privileges', () => {
    expect(flags.privilege('security.insecure', flags.privilege('network.host'))).toEqual([
      'network.host',
      'security.insecure',
    ]);
    expect(() => flags.privilege('all')).toThrow(/there is no all/);
  });
});

describe('--platform', () => {
  it('is a list, each in one spelling and once', () => {
    expect(flags.platforms('linux/amd64, linux/arm64/v8,aarch64', flags.platforms('linux/arm/v7'))).toEqual([
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ]);
    expect(() => flags.platforms('linux/')).toThrow(/os\/architecture/);
    expect(() => flags.platforms('linux/amd46')).toThrow(/is called amd46, did you mean amd64\?/);
  });
});

describe('--secret', () => {
  const file = join(folder, 'token');
  writeFileSync(file, 's');
  const parse = flags.secretsFrom({ TOKEN: 'value', [file]: undefined });

  it.each<[string, string, object]>([
    [`id=a,src=${file}`, 'a', { from: 'file', path: file }],
    ['id=a,env=TOKEN', 'a', { from: 'value', value: 'value' }],
    ['id=TOKEN', 'TOKEN', { from: 'value', value: 'value' }],
    ['env=TOKEN', 'TOKEN', { from: 'value', value: 'value' }],
    [`type=file,id=a,source=${file}`, 'a', { from: 'file', path: file }],
  ])('%s', (text, id, source) => {
    expect(parse(text)).toEqual(new Map([[id, source]]));
  });

  it.each<[string, RegExp]>([
    ['type=file', /write id=/],
    ['id=a,src=/nowhere/x', /there is no file \/nowhere\/x/],
    ['id=a,env=NONE', /the variable NONE is not set/],
    ['id=a,value=x', /there is no value/],
  ])('%s is none', (text, why) => {
    expect(() => parse(text)).toThrow(why);
  });
});

describe('--ssh', () => {
  it('is the agent that runs, or another by its socket', () => {
    expect(flags.sshFrom({ SSH_AUTH_SOCK: socket })('default')).toEqual(new Map([['default', socket]]));
    expect(flags.sshFrom({})(`deploy=${socket}`)).toEqual(new Map([['deploy', socket]]));
    expect(() => flags.sshFrom({})('default')).toThrow(/no agent is running/);
    expect(() => flags.sshFrom({})(`a=${folder}`)).toThrow(/is not the socket of an agent/);
  });
});

describe('--build-context, --label, --annotation, --cache-from', () => {
  it('are read as docker does', () => {
    expect(flags.buildContext('b=docker-image://alpine:3', flags.buildContext('a=../a'))).toEqual({
      a: { kind: 'directory', path: '../a' },
      b: { kind: 'image', reference: 'alpine:3' },
    });
    expect(() => flags.buildContext('a=https://x')).toThrow(/https:\/\/ is not taken/);
    expect(flags.label('b', flags.label('a=1=2'))).toEqual({ a: '1=2', b: '' });
    expect(flags.annotation('index:a=1', flags.annotation('b=2'))).toEqual({
      manifest: { b: '2' },
      index: { a: '1' },
    });
    expect(flags.cacheReference('type=registry,ref=localhost:5000/c,mode=max')).toEqual([
      { repository: 'localhost:5000/c' },
    ]);
    expect(flags.cacheReference('r.example/c:main')).toEqual([{ repository: 'r.example/c', tag: 'main' }]);
    expect(() => flags.cacheReference('type=gha')).toThrow(/a cache is in a registry/);
  });
});

describe('bytes', () => {
  it.each<[number, string]>([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [1_500_000_000, '1.5 GB'],
  ])('%i: %s', (count, text) => {
    expect(renderBytes(count)).toBe(text);
  });
});
