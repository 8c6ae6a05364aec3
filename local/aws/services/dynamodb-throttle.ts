import type { Meter } from './cloudwatch-meter.ts';

const READS = ['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems'];

/** A fault: tables that refuse requests, as DynamoDB does beyond what a table may take, and says to CloudWatch. */
export class Throttle {
  readonly #meter: Meter;
  readonly #tables = new Set<string>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  set(table: string, isThrottled: boolean): void {
    if (isThrottled) this.#tables.add(table);
    else this.#tables.delete(table);
  }

  /** Whether the request is refused. */
  refuses(table: string | undefined, action: string): boolean {
    if (table === undefined || !this.#tables.has(table)) return false;
    const events = READS.includes(action) ? 'ReadThrottleEvents' : 'WriteThrottleEvents';
    const said = { namespace: 'AWS/DynamoDB', value: 1, unit: 'Count' } as const;
    this.#meter({ ...said, name: events, dimensions: { TableName: table } });
    this.#meter({ ...said, name: 'ThrottledRequests', dimensions: { TableName: table, Operation: action } });
    return true;
  }
}
