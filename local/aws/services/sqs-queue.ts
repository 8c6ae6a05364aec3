import { randomUUID } from 'node:crypto';
import { AwsError } from '../error.ts';

/** What is sent: a text, and attributes as SQS has them. */
export interface Sent {
  body: string;
  attributes: Readonly<Record<string, { DataType: string; StringValue?: string }>>;
}

export interface Message extends Sent {
  id: string;
  /** Of the last time that it was received; another one each time. */
  receipt: string;
  /** ms since 1970. */
  sentAt: number;
  /** How often. */
  received: number;
}

/** Seconds. */
const HIDDEN = 30;

/** A standard queue: who receives a message hides it from others for a while, and deletes it when done. */
export class Queue {
  readonly #messages = new Map<string, Message & { hiddenUntil: number }>();

  get visible(): number {
    const now = Date.now();
    return [...this.#messages.values()].filter(({ hiddenUntil }) => hiddenUntil <= now).length;
  }

  send(sent: Sent): string {
    const id = randomUUID();
    this.#messages.set(id, { ...sent, id, receipt: '', sentAt: Date.now(), received: 0, hiddenUntil: 0 });
    return id;
  }

  receive(most: number, seconds = HIDDEN): Message[] {
    const now = Date.now();
    const found = [...this.#messages.values()].filter(({ hiddenUntil }) => hiddenUntil <= now).slice(0, most);
    for (const message of found) {
      message.receipt = randomUUID();
      message.received++;
      message.hiddenUntil = now + seconds * 1000;
    }
    return found.map((message) => ({ ...message }));
  }

  /** What was deleted before is deleted. */
  delete(receipt: string): void {
    const message = this.#find(receipt);
    if (message !== undefined) this.#messages.delete(message.id);
  }

  hide(receipt: string, seconds: number): void {
    const message = this.#find(receipt);
    if (message === undefined)
      throw new AwsError('ReceiptHandleIsInvalid', 'The receipt handle is not valid.');
    message.hiddenUntil = Date.now() + seconds * 1000;
  }

  #find(receipt: string) {
    return [...this.#messages.values()].find((message) => message.receipt === receipt);
  }
}
