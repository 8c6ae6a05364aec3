import { Aws, CfnOutput, SecretValue, type Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { HostKind } from '../host-kind.ts';
import { acknowledgeHostSecret } from './acknowledgements.ts';
import { grantValue } from './app-secrets.ts';

/** A git host that repositories are on. */
export interface GitHost {
  kind: HostKind;
  /** Of its REST API, without a slash at the end; absent for CodeCommit, which is in the region. */
  apiUrl?: string;
  /** How that lets Fairlead in: by a token, or as a GitHub App. */
  access: 'token' | 'app';
}

interface HostSecrets {
  host: GitHost;
  /** What it signs its webhooks with. */
  webhook: secretsmanager.Secret;
  /** What its API lets Fairlead in with. */
  access: secretsmanager.Secret;
}

/**
 * What each kind of git host shares with the installation: one secret that it signs its webhooks with, and one that lets
 * Fairlead read it. A host that is taken out of the configuration takes its own secrets along, and no other's. CodeCommit
 * shares none: AWS knows who sends, and who asks.
 */
export class Triggers {
  readonly #hosts: readonly GitHost[];
  readonly #secrets: readonly HostSecrets[];

  constructor(stack: Stack, hosts: readonly GitHost[]) {
    this.#hosts = hosts;
    this.#secrets = hosts
      .filter(({ kind }) => kind !== 'codecommit')
      .map((host) => ({ host, webhook: webhookSecret(stack, host), access: accessSecret(stack, host) }));
  }

  /** What functions have to know of the hosts (lib/stacks/functions.ts). */
  get settings() {
    return {
      webhookSecretIds: this.#byKind(({ webhook }) => webhook.secretArn),
      hostTokenSecretIds: this.#byKind(({ access }) => access.secretArn),
      hostAccess: this.#byKind(({ host }) => host.access),
      hostApiUrls: Object.fromEntries(this.#hosts.map((host) => [host.kind, apiUrlOf(host)])),
    };
  }

  /** The secrets that hold a token as it is sent. */
  get tokens(): readonly secretsmanager.ISecret[] {
    return this.#secrets.filter(({ host }) => host.access === 'token').map(({ access }) => access);
  }

  grantWebhooks(receiver: iam.IGrantable): void {
    for (const { webhook } of this.#secrets) grantValue(receiver, webhook);
  }

  grantAccess(...readers: iam.IGrantable[]): void {
    for (const { access } of this.#secrets) for (const reader of readers) grantValue(reader, access);
  }

  /** Tells what is to be entered where: bin/commands/deploy reads these, and docs/triggers.md goes by them. */
  tell(stack: Stack, url: string): void {
    const description = 'Where git hosts send their events: to be entered as the URL of each webhook';
    new CfnOutput(stack, 'WebhookUrl', { value: url, description });
    for (const { host, webhook, access } of this.#secrets) {
      const name = pascal(host.kind);
      new CfnOutput(stack, `${name}WebhookSecretArn`, {
        value: webhook.secretArn,
        description: `Its value is to be entered as the secret of each webhook (${host.kind})`,
      });
      new CfnOutput(stack, `${name}TokenArn`, {
        value: access.secretArn,
        description:
          host.access === 'app'
            ? 'To be filled in: {"appId": "…", "privateKey": "…"} of the GitHub App'
            : `To be filled in: a token of ${host.kind} with the permissions that docs/triggers.md names`,
      });
    }
  }

  #byKind<T>(of: (secrets: HostSecrets) => T): Partial<Record<HostKind, T>> {
    return Object.fromEntries(this.#secrets.map((secrets) => [secrets.host.kind, of(secrets)]));
  }
}

/** Random from the start: nobody has to invent one. */
function webhookSecret(stack: Stack, { kind }: GitHost): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(stack, `WebhookSecret${pascal(kind)}`, {
    description: `Fairlead: what ${kind} signs its webhooks with`,
    generateSecretString: { passwordLength: 48, excludePunctuation: true },
  });
  acknowledgeHostSecret(secret);
  return secret;
}

/** Begins as `{}`, which no host is ever shown: what is public can be read without a token. */
function accessSecret(stack: Stack, { kind, access }: GitHost): secretsmanager.Secret {
  const what = access === 'app' ? 'the id and the private key of the GitHub App' : 'the token';
  const secret = new secretsmanager.Secret(stack, `HostToken${pascal(kind)}`, {
    description: `Fairlead: ${what} that ${kind} lets it in with; to be filled in by a person`,
    // Not what is kept secret, and never written again: a deployment changes only what the template changes.
    secretStringValue: SecretValue.unsafePlainText('{}'),
  });
  acknowledgeHostSecret(secret);
  return secret;
}

function apiUrlOf({ kind, apiUrl }: GitHost): string | undefined {
  // "AWS CodeCommit endpoints and quotas", AWS General Reference, Git connection endpoints.
  return kind === 'codecommit' ? `https://git-codecommit.${Aws.REGION}.${Aws.URL_SUFFIX}` : apiUrl;
}

/** `Github`, `CodeCommit`: as outputs are called. */
function pascal(kind: HostKind): string {
  return kind === 'codecommit' ? 'CodeCommit' : kind.charAt(0).toUpperCase() + kind.slice(1);
}
