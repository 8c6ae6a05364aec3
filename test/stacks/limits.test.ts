import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { installation } from '../../bin/installation.ts';
import { type Config, DEFAULTS } from '../../lib/config/config.ts';
import { FUNCTIONS, type FunctionName } from '../../lib/stacks/functions.ts';

/** What a function may do, in the words of its template; the reasons are in lib/stacks/functions.ts and limits.ts. */
interface Expected {
  memory: number;
  /** Seconds. */
  timeout: number;
  atOnce?: number;
  traced?: true;
  /** Seconds after which an event is given up, which comes by an alias or for the function itself. */
  events?: { seconds: number; by: 'alias' | 'function' };
}

const [MINUTE, HOUR] = [60, 3600];

const EXPECTED: Readonly<Record<FunctionName, Expected>> = {
  'receive-push': {
    memory: 512,
    timeout: 25,
    atOnce: 20,
    traced: true,
    events: { seconds: HOUR, by: 'function' },
  },
  deploy: { memory: 512, timeout: 5 * MINUTE, traced: true, events: { seconds: 6 * HOUR, by: 'alias' } },
  'build-image': { memory: 5120, timeout: 15 * MINUTE, atOnce: 30, traced: true },
  'roll-out': { memory: 512, timeout: 2 * MINUTE, traced: true },
  sweep: { memory: 512, timeout: 3 * MINUTE, atOnce: 5, events: { seconds: 15 * MINUTE, by: 'alias' } },
  'watch-alarm': {
    memory: 512,
    timeout: MINUTE,
    atOnce: 5,
    events: { seconds: 2 * HOUR, by: 'function' },
  },
  operate: { memory: 512, timeout: MINUTE },
};

type Resource = { Type: string; Properties: Record<string, never> };

class Pipeline {
  readonly #resources: Record<string, Resource>;

  constructor(config: Config = DEFAULTS) {
    this.#resources = Template.fromStack(installation(new App(), config).pipeline).toJSON().Resources;
  }

  all(type: string): [id: string, properties: Record<string, never>][] {
    const found = Object.entries(this.#resources).filter(([, { Type }]) => Type === type);
    return found.map(([id, { Properties }]) => [id, Properties]);
  }

  /** Logical id and properties. */
  function(name: FunctionName) {
    const found = this.all('AWS::Lambda::Function').find(
      ([, properties]) => properties.Description === `Fairlead: ${name}`,
    );
    if (found === undefined) throw new Error(`the template has no function ${name}`);
    return found;
  }

  /** What holds for events, by what they come by. */
  events(name: FunctionName) {
    const [id] = this.function(name);
    return this.all('AWS::Lambda::EventInvokeConfig')
      .filter(([, { FunctionName }]) => JSON.stringify(FunctionName).includes(`"${id}"`))
      .map(([, { Qualifier, MaximumEventAgeInSeconds, MaximumRetryAttempts }]) => ({
        by: Qualifier === '$LATEST' ? 'function' : 'alias',
        seconds: MaximumEventAgeInSeconds,
        retries: MaximumRetryAttempts,
      }));
  }
}

let pipeline: Pipeline;
beforeAll(() => {
  pipeline = new Pipeline();
}, 120_000);

describe.each(Object.entries(EXPECTED) as [FunctionName, Expected][])('%s', (name, expected) => {
  test('may take so much of the account', () => {
    const [, properties] = pipeline.function(name);
    expect({
      memory: properties.MemorySize,
      timeout: properties.Timeout,
      atOnce: properties.ReservedConcurrentExecutions,
    }).toEqual({ memory: expected.memory, timeout: expected.timeout, atOnce: expected.atOnce });
  });

  test('has its events tried three times by what they come by, and given up into the queue', () => {
    const [, { DeadLetterConfig }] = pipeline.function(name);
    const { events } = expected;
    if (events === undefined) {
      expect(DeadLetterConfig).toBeUndefined();
      expect(pipeline.events(name)).toEqual([]);
      return;
    }
    expect(DeadLetterConfig).toEqual({
      TargetArn: { 'Fn::GetAtt': [expect.stringMatching(/^DeadLetters/), 'Arn'] },
    });
    expect(pipeline.events(name)).toContainEqual({ ...events, retries: 2 });
  });

  test('is traced where that tells something, and writes what happens in JSON', () => {
    const [, { TracingConfig, LoggingConfig, RecursiveLoop }] = pipeline.function(name);
    expect(TracingConfig).toEqual(expected.traced && { Mode: 'Active' });
    expect(LoggingConfig).toMatchObject({
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'INFO',
    });
    expect(RecursiveLoop).toBe('Terminate');
  });
});

test('every function has its limits', () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(FUNCTIONS.map(({ name }) => name).sort());
});

describe('an installation', () => {
  test('sets so little apart that most of what an account has is left', () => {
    const reserved = pipeline
      .all('AWS::Lambda::Function')
      .map(([, properties]) => Number(properties.ReservedConcurrentExecutions ?? 0));
    expect(reserved.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(100);
  });

  test('shares concurrency in an account that has nothing to set apart, and keeps every log as long as it says', () => {
    const engines = { codebuild: true, microvm: true };
    const other = new Pipeline({ ...DEFAULTS, concurrency: 'shared', logDays: 30, engines });
    const functions = other.all('AWS::Lambda::Function');
    expect(functions.filter(([, made]) => made.ReservedConcurrentExecutions !== undefined)).toEqual([]);
    const days = other
      .all('AWS::Logs::LogGroup')
      .map(([id, made]) => ({ id, days: Number(made.RetentionInDays) }));
    expect(days.length).toBeGreaterThan(FUNCTIONS.length);
    expect(days.filter((log) => log.days !== 30)).toEqual([]);
  }, 120_000);
});
