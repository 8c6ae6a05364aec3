import { renderLabel, renderProgress } from '../../../lib/build/progress.ts';
import type { ShownEvent } from './state.ts';

/**
 * The lines of a build where nobody looks at a terminal: one for each step that ends, and the output of commands below
 * the name of their step, which is told again when steps that run side by side take turns in speaking.
 */
export class PlainLines {
  readonly #names = new Map<string, string>();
  readonly #notices = new Set<string>();
  #speaker: string | undefined;

  /** The lines that an event adds. */
  of(event: ShownEvent): string[] {
    switch (event.type) {
      case 'step-start':
        this.#names.set(`${event.stage} ${event.number}`, renderLabel(event));
        return [];
      case 'task-start':
        return [];
      case 'task':
        this.#speaker = undefined;
        return [
          `${event.name}  ${(event.ms / 1000).toFixed(1)}s${event.note === undefined ? '' : `, ${event.note}`}`,
        ];
      case 'output':
        return [...this.#heading(`${event.stage} ${event.number}`), `    ${event.text}`];
      case 'notice':
        if (this.#notices.has(event.message)) return [];
        this.#notices.add(event.message);
        break;
      default:
        this.#speaker = undefined;
    }
    return [renderProgress(event) ?? []].flat();
  }

  #heading(speaker: string): string[] {
    if (this.#speaker === speaker) return [];
    this.#speaker = speaker;
    return [this.#names.get(speaker) ?? []].flat();
  }
}
