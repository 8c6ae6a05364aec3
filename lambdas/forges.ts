import type { Aws } from '../lib/aws/types.ts';
import type { HostKind } from '../lib/host-kind.ts';
import { gitPassword } from '../lib/source/codecommit/password.ts';
import { repositoryUrl } from '../lib/source/codecommit/remote.ts';
import type { Access, Forge } from '../lib/source/forge.ts';
import { forgeOf } from '../lib/source/forge-of.ts';
import { GitHubApp } from '../lib/source/github/app.ts';
import type { HostSettings, Hosts } from '../lib/source/types.ts';
import { Secret } from './secret.ts';

/** The git hosts of an installation, with what lets Fairlead in. */
export class Forges {
  readonly #hosts: Hosts;
  readonly #aws: Aws;
  readonly #checkOut: Access['checkOut'];
  // Kept while the function's environment lives: they remember tokens.
  readonly #accesses = new Map<HostKind, Access>();

  /** `checkOut`: of whoever reads commits (lib/source/codecommit/checkout.ts). */
  constructor(hosts: Hosts, aws: Aws, checkOut?: Access['checkOut']) {
    this.#hosts = hosts;
    this.#aws = aws;
    this.#checkOut = checkOut;
  }

  /** The host of that kind. @throws FairleadError `source/unknown-host` */
  of(kind: HostKind): Forge {
    return forgeOf(kind, this.accessTo(kind));
  }

  /** How its API is reached; undefined where the installation has no such host. */
  accessTo(kind: HostKind): Access | undefined {
    const { [kind]: host } = this.#hosts;
    if (host === undefined) return undefined;
    const access =
      this.#accesses.get(kind) ?? (kind === 'codecommit' ? this.#codeCommit(host) : this.#api(host));
    this.#accesses.set(kind, access);
    return access;
  }

  #api({ apiUrl, tokenSecretId, access }: HostSettings): Access {
    if (tokenSecretId === undefined) return { apiUrl };
    const secret = new Secret(this.#aws, tokenSecretId);
    const readAnew = async () => {
      secret.renew();
      return await secret.current();
    };
    if (access !== 'app') {
      // Somebody may just be filling it in: a host that is asked without a token answers 404, and never 401.
      const token = async () => filledIn(await secret.current()) ?? filledIn(await readAnew());
      return { apiUrl, token, renew: () => secret.renew() };
    }
    // Once an hour for each repository, and again after what was wrong with it.
    const app = new GitHubApp({ baseUrl: apiUrl, secret: readAnew });
    return {
      apiUrl,
      token: (repository) => app.token(repository),
      renew: (repository) => {
        app.forget(repository);
        secret.renew();
      },
    };
  }

  /** In the account, it lets in whoever the function is. */
  #codeCommit({ apiUrl }: HostSettings): Access {
    const aws = this.#aws;
    return {
      ...{ apiUrl, aws },
      token: async (repository) =>
        gitPassword(new URL(repositoryUrl(apiUrl, repository)), aws.region, aws.credentials(), new Date()),
      ...(this.#checkOut && { checkOut: this.#checkOut }),
    };
  }
}

/** A secret begins as `{}` (lib/stacks/triggers.ts): a host that is asked without a token shows what is public. */
function filledIn(token: string | undefined): string | undefined {
  return token === '{}' || token === '' ? undefined : token;
}
