import type { Meter } from '../aws/services/cloudwatch-meter.ts';

/** What Lambda says of a function. Source: "Types of metrics for Lambda functions", AWS Lambda Developer Guide. */
export class FunctionMeter {
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  ran(name: string, ok: boolean, ms: number): void {
    this.#say(name, 'Invocations', 1);
    this.#say(name, 'Errors', ok ? 0 : 1);
    this.#meter({ ...of(name), name: 'Duration', value: ms, unit: 'Milliseconds' });
  }

  throttled(name: string): void {
    this.#say(name, 'Throttles', 1);
  }

  /** `ms`: from the event's arrival until the function was invoked with it. */
  waited(name: string, ms: number): void {
    this.#meter({ ...of(name), name: 'AsyncEventAge', value: ms, unit: 'Milliseconds' });
  }

  #say(name: string, metric: string, value: number): void {
    this.#meter({ ...of(name), name: metric, value, unit: 'Count' });
  }
}

function of(FunctionName: string) {
  return { namespace: 'AWS/Lambda', dimensions: { FunctionName } };
}
