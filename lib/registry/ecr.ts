import { type ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { FairleadError, messageOf } from '../errors.ts';
import type { CredentialSource, Credentials } from './credentials.ts';

// Amazon ECR User Guide, "Amazon ECR endpoints": the standard, FIPS, dual-stack and China names.
const ECR_HOST =
  /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;

/** Whether `host` is named like a registry of Amazon ECR. */
export function isEcrHost(host: string): boolean {
  return ECR_HOST.test(host);
}

/** A token is asked for anew so many milliseconds before it expires (ECR's live for 12 hours). */
const MARGIN = 5 * 60 * 1000;

/** ms for which ECR is not asked again, for the sake of another registry, when it gave nothing. */
const PAUSE = 60_000;

interface Grant {
  credentials: Credentials;
  /** The host that ECR itself names as its registry. */
  host: string;
  expires: number;
}

/**
 * Credentials for Amazon ECR by `ecr:GetAuthorizationToken`, kept until shortly before they expire; for hosts named
 * like ECR's, and for the one that the answer names. Throws `registry/no-ecr-token`.
 */
export function ecrCredentials(client: ECRClient): CredentialSource {
  let current: Promise<Grant> | undefined;
  async function grant(): Promise<Grant> {
    const known = current;
    const held = await known?.catch(() => undefined);
    if (held !== undefined && Date.now() < held.expires - MARGIN) return held;
    // Whoever comes first after the wait asks; the others take that answer.
    if (current === known || current === undefined) current = getToken(client);
    return current;
  }
  let gaveNothingAt = 0;
  return async (host) => {
    if (isEcrHost(host)) return (await grant()).credentials;
    // Another registry's credentials may not hang on ECR's being there.
    if (Date.now() - gaveNothingAt < PAUSE) return undefined;
    const held = await grant().catch(() => {
      gaveNothingAt = Date.now();
      return undefined;
    });
    return held?.host === host ? held.credentials : undefined;
  };
}

async function getToken(client: ECRClient): Promise<Grant> {
  const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({})).catch((error) => {
    throw noToken(`ECR gave no token: ${messageOf(error)}`, error);
  });
  const { authorizationToken, proxyEndpoint, expiresAt } = authorizationData?.[0] ?? {};
  const pair = Buffer.from(authorizationToken ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) throw noToken('ECR answered without a token');
  return {
    credentials: { username: pair.slice(0, colon), password: pair.slice(colon + 1), unasked: true },
    host: URL.parse(proxyEndpoint ?? '')?.host ?? '',
    expires: expiresAt?.getTime() ?? Date.now() + 2 * MARGIN,
  };
}

function noToken(cause: string, error?: unknown): FairleadError {
  return new FairleadError(
    {
      code: 'registry/no-ecr-token',
      operation: 'logging in to Amazon ECR',
      cause,
      remedy: 'allow ecr:GetAuthorizationToken to the role that this runs as',
    },
    { cause: error },
  );
}
