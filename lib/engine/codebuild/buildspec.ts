import { stringify } from 'yaml';

/**
 * What a build's script reads from its environment. No value of these is ever part of the script's text, so that none
 * of them can be read as a command, whatever is in it.
 */
export interface Variables {
  /** RemoteJob.name */
  FAIRLEAD_NAME: string;
  /** URL of the commit's archive (.tar.gz) with one folder around everything; empty where the host has none. */
  FAIRLEAD_ARCHIVE: string;
  /** What git fetches there: the repository's URL, and the commit's id; empty elsewhere. */
  FAIRLEAD_GIT: string;
  FAIRLEAD_COMMIT: string;
  /** `HOST[:PORT]/PATH`, where the image goes. */
  FAIRLEAD_REPOSITORY: string;
  /** `linux/arm64` */
  FAIRLEAD_PLATFORM: string;
  /** Name of the environment that is built for, and the fence: a build for the same one with a greater fence supersedes it. */
  FAIRLEAD_ENVIRONMENT: string;
  FAIRLEAD_FENCE: string;
  /** Reference of the cache in a registry; empty for a build without one. */
  FAIRLEAD_CACHE: string;
  /** Reference of another one that is only read: production's, for a preview; empty where there is none. */
  FAIRLEAD_CACHE_BELOW: string;
  /** Hosts of Amazon ECR to log in to, with blanks between them. */
  FAIRLEAD_LOGINS: string;
  /** The key, and the DynamoDB table, of the password that is lent to builds of this app. */
  FAIRLEAD_LENT: string;
  FAIRLEAD_LENT_TABLE: string;
  /** buildkitd.toml in Base64. */
  FAIRLEAD_BUILDKITD: string;
}

/** Secrets Manager has its value, so it is not among the plain ones. */
export const TOKEN = 'FAIRLEAD_TOKEN';

/** What the script tells when all went well: the digest of the image's manifest. */
export const DIGEST = 'FAIRLEAD_DIGEST';

/** And the SHA-256, in hexadecimal, of the commit's fairlead.yaml; `none` where it has none. */
export const APP_FILE = 'FAIRLEAD_APP_FILE';

/** Begins each line of the log that holds a piece of fairlead.yaml, gzipped, in Base64. */
export const APP_FILE_LINE = 'fairlead-app-file: ';

/** Begins a line of the log that says why the script gave up: a word, a blank, and a sentence. */
export const FAULT_LINE = 'fairlead-fault: ';

/**
 * The buildspec (version 0.2, AWS CodeBuild User Guide, "Build specification reference") that builds a commit's image
 * with BuildKit and publishes it. It is the same for every build. With buildx, BuildKit runs in a container of its own
 * and keeps its cache in the registry, all stages of it; where such a builder cannot be had, it is the docker engine's,
 * and what is kept is the cache of the image's own layers.
 */
export function buildspec(): string {
  return stringify(
    {
      version: 0.2,
      env: { shell: 'bash', 'exported-variables': [DIGEST, APP_FILE] },
      phases: {
        pre_build: {
          commands: [
            inSubshell(FETCH),
            // From here on nothing needs it any more.
            `unset ${TOKEN}`,
            inSubshell(LOG_IN),
            inSubshell(SHUT_OUT),
            inSubshell(CREATE_BUILDER),
          ],
        },
        build: {
          commands: [
            inSubshell(BUILD),
            `export ${DIGEST}="$(cat digest)" ${APP_FILE}="$(cat app-file)"`,
            inSubshell(TELL_APP_FILE),
          ],
        },
      },
    },
    { lineWidth: 0 },
  );
}

/** All commands of a buildspec run in one shell, which a script must not end or leave options set in. */
function inSubshell(script: string): string {
  return `(\nset -euo pipefail\n${script.trim()}\n)\n`;
}

const FAULT = `fault() { echo "${FAULT_LINE}$*" >&2; exit 1; }`;

/** What was lent for this build: the \`password\` of registries, the \`authorization\` of a git host where that is made for it. */
const LENT = `
lent() {
  aws dynamodb get-item --consistent-read --table-name "$FAIRLEAD_LENT_TABLE" \\
    --key "{\\"name\\": {\\"S\\": \\"$FAIRLEAD_LENT\\"}}" --query "Item.$1.S" --output text
}
`;

/** The token goes to curl by a descriptor: arguments can be seen by every process, and logs repeat them. */
const FETCH = `
${FAULT}
${LENT}
umask 022
mkdir commit
authorization() {
  local lent= token="\${${TOKEN}:-}"
  # A file that was put into a secret ends in a line end; the functions read it without.
  token="\${token#"\${token%%[![:space:]]*}"}" token="\${token%"\${token##*[![:space:]]}"}"
  case "$token" in
    '' | '{}')
      if [ -n "$FAIRLEAD_LENT" ]; then lent="$(lent authorization)"; fi
      case "$lent" in '' | None) ;; *) printf 'Authorization: %s\\n' "$lent" ;; esac ;;
    # Of Bitbucket: a person's address and their token.
    *:*) basic "$token" ;;
    *) if [ "$1" = git ]; then basic "x-token-auth:$token"; else printf 'Authorization: Bearer %s\\n' "$token"; fi ;;
  esac
}
basic() { printf 'Authorization: Basic %s\\n' "$(printf %s "$1" | base64 --wrap 0)"; }
fetch() {
  exec 9< <(authorization "$1")
  # No redirect leads from https to http.
  local only='=http,https'
  case "$FAIRLEAD_ARCHIVE" in https:*) only='=https' ;; esac
  curl --silent --show-error --fail --location --proto "$only" --retry 4 --connect-timeout 20 --max-time 600 \\
    --header @/dev/fd/9 --output commit.tar.gz --url "$FAIRLEAD_ARCHIVE" && gzip --test commit.tar.gz
}
# Archives of Bitbucket are on its site, which may take a token only as git shows it.
on_site() { case "$FAIRLEAD_ARCHIVE" in */get/*) fetch git ;; *) false ;; esac; }
# Newest commits can be had alone; others with all there is. What is marked export-ignore, or to be changed on its way out, is left as it is.
by_git() {
  git init --quiet --bare source
  mkdir -p source/info
  echo '* -export-ignore -export-subst -text -ident -filter -working-tree-encoding' > source/info/attributes
  export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraHeader
  GIT_CONFIG_VALUE_0="$(authorization git)"
  export GIT_CONFIG_VALUE_0
  git -C source fetch --quiet --depth 1 "$FAIRLEAD_GIT" "$FAIRLEAD_COMMIT" ||
    git -C source fetch --quiet "$FAIRLEAD_GIT" '+refs/heads/*:refs/heads/*' || return 1
  git -C source archive --format tar.gz --prefix commit/ --output ../commit.tar.gz "$FAIRLEAD_COMMIT"
}
if [ -n "$FAIRLEAD_GIT" ]; then (by_git) || fault source "the git host gave no files of the commit"
else fetch api || on_site || fault source "the git host gave no archive of the commit"
fi
# Modes as git knows them, and whoever runs this owns everything.
tar --extract --gzip --file commit.tar.gz --directory commit --strip-components 1 --no-same-owner --no-same-permissions ||
  fault source "the archive of the commit cannot be unpacked"
# A link that leads out of the commit counts as no file.
inside() { case "$(realpath --quiet "commit/$1")" in "$PWD"/commit/*) [ -f "commit/$1" ] ;; *) false ;; esac; }
inside Dockerfile || fault no-dockerfile "no Dockerfile at the top of the repository"
if inside fairlead.yaml; then cat commit/fairlead.yaml > app.yaml; fi
if [ -e app.yaml ]; then sha256sum < app.yaml | cut -d ' ' -f 1 > app-file; else echo none > app-file; fi
`;

/** By what was lent for this app: the machine's own role may do nothing in any registry. */
const LOG_IN = `
${FAULT}
${LENT}
for host in $FAIRLEAD_LOGINS; do
  password="$(lent password)" || fault registry "the password that was lent for $host cannot be read"
  case "$password" in '' | None) fault registry "nothing is lent any more for logging in to $host" ;; esac
  printf %s "$password" | docker login --username AWS --password-stdin "$host" ||
    fault registry "logging in to $host failed"
done
`;

/**
 * Containers of builds have no business with the addresses at which this machine's credentials are given out: where they
 * cannot be kept from them, nothing of the commit runs. The chain is docker's own, for what passes on from a container.
 */
const SHUT_OUT = `
${FAULT}
for address in \${FAIRLEAD_OUT_OF_REACH:-}; do
  iptables --insert DOCKER-USER --destination "$address" --jump DROP ||
    fault machine "$address could not be put out of the reach of what a build runs"
done
`;

const CREATE_BUILDER = `
printf %s "$FAIRLEAD_BUILDKITD" | base64 --decode > buildkitd.toml
if docker buildx version && docker buildx create --name fairlead --driver docker-container --config buildkitd.toml --bootstrap
then echo container > builder
else echo engine > builder
fi
`;

/**
 * Caches that cannot be read or written do not fail a build. No attestations: with them the digest would be that of an
 * index, and another one each time. The image does not say when it was made; its files do, as web servers tell a page
 * from an older one by that: those of the commit have its time, those of a RUN that of when it ran, and what did not
 * change is taken from the cache with the time that it had.
 */
const BUILD = `
${FAULT}
export BUILDX_NO_DEFAULT_ATTESTATIONS=1 DOCKER_BUILDKIT=1
args=(--file commit/Dockerfile --platform "$FAIRLEAD_PLATFORM" --progress plain)
if [ "$(cat builder)" = container ]; then
  if [ -n "$FAIRLEAD_CACHE" ]; then
    args+=(--cache-from "type=registry,ref=$FAIRLEAD_CACHE")
    args+=(--cache-to "type=registry,ref=$FAIRLEAD_CACHE,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true")
  fi
  if [ -n "$FAIRLEAD_CACHE_BELOW" ]; then args+=(--cache-from "type=registry,ref=$FAIRLEAD_CACHE_BELOW"); fi
  docker buildx build --builder fairlead "\${args[@]}" --metadata-file metadata.json \\
    --output "type=image,name=$FAIRLEAD_REPOSITORY,push=true,push-by-digest=true,oci-mediatypes=true,source-date-epoch=0" commit
  sed --quiet 's/.*"containerimage.digest": *"\\(sha256:[0-9a-f]*\\)".*/\\1/p' metadata.json > digest
else
  image="$FAIRLEAD_REPOSITORY:build-$FAIRLEAD_NAME"
  if [ -n "$FAIRLEAD_CACHE" ]; then args+=(--cache-from "$FAIRLEAD_CACHE" --build-arg BUILDKIT_INLINE_CACHE=1); fi
  if [ -n "$FAIRLEAD_CACHE_BELOW" ]; then args+=(--cache-from "$FAIRLEAD_CACHE_BELOW"); fi
  docker build "\${args[@]}" --build-arg SOURCE_DATE_EPOCH=0 --tag "$image" commit
  docker push "$image" || fault registry "$FAIRLEAD_REPOSITORY did not take the image"
  docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" |
    sed --quiet "s|^$FAIRLEAD_REPOSITORY@||p" > digest
  if [ -n "$FAIRLEAD_CACHE" ]; then
    docker tag "$image" "$FAIRLEAD_CACHE"
    docker push --quiet "$FAIRLEAD_CACHE" || echo "the cache was not kept"
  fi
fi
grep --quiet '^sha256:' digest || fault registry "the digest of the image is not known"
`;

/** In the log, because exported variables are no place for a file. */
const TELL_APP_FILE = `
if [ -e app.yaml ]; then gzip --no-name < app.yaml | base64 --wrap 4000 | sed 's/^/${APP_FILE_LINE}/'; fi
`;
