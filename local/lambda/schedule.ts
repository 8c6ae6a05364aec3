import { randomUUID } from 'node:crypto';
import type { Asynchronous } from './asynchronous.ts';
import type { Functions } from './functions.ts';
import { type FunctionSpec, functionArn, type Place } from './types.ts';

/** Invokes functions by the clock, as EventBridge's rules do (Amazon EventBridge User Guide, "Scheduled events"). */
export class Schedule {
  readonly #timers: NodeJS.Timeout[];

  constructor(
    specs: readonly FunctionSpec[],
    place: Place,
    { functions, asynchronous }: { functions: Functions; asynchronous: Asynchronous },
  ) {
    this.#timers = specs.flatMap(({ name, every }) => {
      if (every === undefined) return [];
      const fire = () => {
        const target = functions.find(name, 'live');
        asynchronous.accept(target, Buffer.from(JSON.stringify(eventOf(name, place))));
      };
      return [setInterval(fire, every * 1000)];
    });
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

function eventOf(name: string, place: Place): Record<string, unknown> {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: place.account,
    time: new Date().toISOString(),
    region: place.region,
    resources: [functionArn(place, name)],
    detail: {},
  };
}
