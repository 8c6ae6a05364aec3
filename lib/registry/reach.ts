import { discard } from './answer.ts';
import { briefly, type Connection } from './connection.ts';
import { publishScope } from './scopes.ts';

/** Connects, and gets a token for publishing to `path`. Never throws: it is ahead of what will say what is wrong. */
export async function reachRegistry(
  connection: Connection,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    // OCI distribution specification, "Determining Support".
    const call = { method: 'GET', url: connection.url(''), scopes: [publishScope(path)], expect: [200] };
    const operation = `reaching ${connection.host}`;
    await discard(await connection.call({ ...call, operation, signal: briefly(signal) }));
  } catch {
    // Not there, or it lets nobody in: whoever publishes asks again.
  }
}
