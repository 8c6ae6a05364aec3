import type { Attempt, Delivery } from './deliveries.ts';

/** GitHub's list of deliveries of a webhook: one entry an attempt, the newest first. */
export function deliveriesJson(deliveries: Delivery[]): unknown[] {
  return deliveries
    .flatMap((delivery) => delivery.attempts.map((attempt) => summary(delivery, attempt)))
    .sort((a, b) => b.id - a.id);
}

/** One attempt with what was sent and answered. */
export function attemptJson(deliveries: Delivery[], id: number): unknown {
  for (const delivery of deliveries) {
    const attempt = delivery.attempts.find((candidate) => candidate.id === id);
    if (attempt === undefined) continue;
    return {
      ...summary(delivery, attempt),
      request: { payload: JSON.parse(delivery.body) },
      response: { payload: attempt.answer.kind === 'answered' ? attempt.answer.body : null },
    };
  }
  return undefined;
}

function summary({ guid, event, body }: Delivery, { id, at, redelivery, duration, answer }: Attempt) {
  return {
    id,
    guid,
    delivered_at: at.toISOString(),
    redelivery,
    duration: duration / 1000,
    event,
    action: (JSON.parse(body) as { action?: string }).action ?? null,
    status: answer.kind === 'answered' ? String(answer.status) : answer.kind,
    status_code: answer.kind === 'answered' ? answer.status : 0,
  };
}
