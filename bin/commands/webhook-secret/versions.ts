import { randomBytes } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { FairleadError, messageOf } from '../../../lib/errors.ts';

/** Days that the value from before a rotation is taken (lambdas/secret.ts). */
export const OVERLAP_DAYS = 7;
const DAY = 86_400_000;

/** How the versions of a secret stand. */
export interface Standing {
  /** When the value that is current was made. */
  since: Date;
  /** The version from before the last rotation, while that is taken. */
  previous?: { id: string; until: Date };
}

/** The secret that a git host signs with, as a person changes it who may. */
export class Versions {
  readonly #client: SecretsManagerClient;
  readonly #id: string;

  constructor(client: SecretsManagerClient, id: string) {
    this.#client = client;
    this.#id = id;
  }

  async standing(now = Date.now()): Promise<Standing> {
    return await this.#doing('reading', async () => {
      const [{ VersionIdsToStages: stages = {} }, { CreatedDate: since = new Date(now) }] = await Promise.all(
        [
          this.#client.send(new DescribeSecretCommand({ SecretId: this.#id })),
          this.#client.send(new GetSecretValueCommand({ SecretId: this.#id })),
        ],
      );
      const [id] = Object.keys(stages).filter((version) => stages[version]?.includes('AWSPREVIOUS'));
      const until = endOfOverlap(since);
      return { since, ...(id !== undefined && until.getTime() > now && { previous: { id, until } }) };
    });
  }

  /** Puts a new value in place; the one that was current is the previous one then. @returns the new value */
  async rotate(): Promise<string> {
    // 48 letters that every form and every shell takes.
    const value = randomBytes(36).toString('base64url');
    const put = new PutSecretValueCommand({ SecretId: this.#id, SecretString: value });
    await this.#doing('rotating', () => this.#client.send(put));
    return value;
  }

  /** Takes the version `id` no more. */
  async end(id: string): Promise<void> {
    const moved = { SecretId: this.#id, VersionStage: 'AWSPREVIOUS', RemoveFromVersionId: id };
    await this.#doing('ending', () => this.#client.send(new UpdateSecretVersionStageCommand(moved)));
  }

  async #doing<T>(what: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const { name } = error as Error;
      throw new FairleadError(
        {
          code: 'webhook-secret/refused',
          operation: `${what} the secret ${this.#id}`,
          cause: `Secrets Manager refuses it: ${messageOf(error)}`,
          remedy: /AccessDenied/.test(name)
            ? 'ask for secretsmanager:DescribeSecret, GetSecretValue, PutSecretValue and UpdateSecretVersionStage on it'
            : 'check AWS_REGION and AWS_PROFILE, and that the secret is there',
        },
        { cause: error },
      );
    }
  }
}

/** Until when the value before one is taken that was made at `since`. */
export function endOfOverlap(since: Date): Date {
  return new Date(since.getTime() + OVERLAP_DAYS * DAY);
}
