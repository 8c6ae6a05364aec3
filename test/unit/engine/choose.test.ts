import { describe, expect, test } from 'vitest';
import type { BuildFacts, Need } from '../../../lib/build/plan/needs.ts';
import { chooseEngine } from '../../../lib/engine/choose.ts';
import type { EngineName, RemoteEngine, RemoteEngineName } from '../../../lib/engine/types.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const NEED: Need = {
  instruction: 'RUN apt-get update',
  line: 4,
  file: 'Dockerfile',
  why: 'apt-get is not go',
  platform: AMD64,
};
const facts = (...needs: Need[]): BuildFacts => ({ target: AMD64, needs: () => needs });

function engine(name: RemoteEngineName, whyNot?: string): RemoteEngine {
  const title = name === 'microvm' ? 'a MicroVM' : 'CodeBuild';
  const never = async () => {
    throw new Error('choosing has no effects');
  };
  return { name, title, whyNot: () => whyNot, start: never, follow: never };
}

interface Given {
  needs?: Need[];
  engines?: RemoteEngine[];
  pinned?: EngineName;
  refused?: [EngineName, string][];
}

function choose({ needs = [NEED], engines = [], pinned, refused = [] }: Given) {
  const input = { facts: facts(...needs), machine: AMD64, engines, refused: new Map(refused) };
  const choice = chooseEngine(pinned === undefined ? input : { ...input, pinned });
  return choice.is === 'remote' ? { is: choice.engine.name, because: choice.because } : choice;
}

const both = [engine('microvm'), engine('codebuild')];

describe('a build', () => {
  test('that needs nothing is the function’s, whatever there is', () => {
    expect(choose({ needs: [], engines: both })).toEqual({ is: 'function' });
  });

  test('that needs more goes to the first engine, with the line and the reason', () => {
    expect(choose({ engines: both })).toEqual({
      is: 'microvm',
      because: 'RUN apt-get update (Dockerfile:4) needs a MicroVM: apt-get is not go',
    });
  });

  test('goes to the next engine when the first one cannot, and says why', () => {
    const engines = [engine('microvm', 'it is arm64'), engine('codebuild')];
    expect(choose({ engines })).toEqual({
      is: 'codebuild',
      because:
        'RUN apt-get update (Dockerfile:4) needs CodeBuild: apt-get is not go; not in a MicroVM: it is arm64',
    });
  });

  test('goes to the next engine when the first one has no room', () => {
    const choice = choose({ engines: both, refused: [['microvm', 'the quota is used up']] });
    expect(choice).toMatchObject({ is: 'codebuild', because: /not in a MicroVM: the quota is used up$/ });
  });

  test('goes on elsewhere when it takes the function too long, and only where it may', () => {
    const refused: [EngineName, string][] = [['function', 'it did not end within 14.5 minutes']];
    expect(choose({ needs: [], engines: both, refused })).toEqual({
      is: 'microvm',
      because: 'building in a MicroVM: in the function it did not end within 14.5 minutes',
    });
    expect(choose({ needs: [], engines: both, refused, pinned: 'function' })).toEqual({
      is: 'none',
      why: 'fairlead.yaml asks for the function',
    });
  });

  test('has nobody where nothing is installed, or nothing can', () => {
    expect(choose({})).toEqual({ is: 'none', why: 'this installation has neither MicroVMs nor CodeBuild' });
    expect(choose({ engines: [engine('microvm', 'it is arm64')] })).toEqual({
      is: 'none',
      why: 'not in a MicroVM: it is arm64',
    });
  });
});

describe('fairlead.yaml', () => {
  test('decides, also for what the function could do', () => {
    expect(choose({ needs: [], engines: both, pinned: 'codebuild' })).toEqual({
      is: 'codebuild',
      because: 'building in CodeBuild, as fairlead.yaml says',
    });
    expect(choose({ engines: both, pinned: 'function' })).toEqual({ is: 'function' });
  });

  test('is not gone against when what it asks for is not there', () => {
    expect(choose({ engines: [engine('codebuild')], pinned: 'microvm' })).toEqual({
      is: 'none',
      why: 'fairlead.yaml asks for a MicroVM, and this installation has none',
    });
  });
});
