// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.

/** Dockerfiles as people write them, each with other things in it. */
export const SAMPLES: Record<string, string> = {
  go: `# syntax=docker/dockerfile:1
ARG GO_VERSION=1.24
FROM --platform=$BUILDPLATFORM golang:\${GO_VERSION}-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod \\
    --mount=type=cache,target=/root/.cache/go-build \\
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/app ./cmd/app

FROM gcr.io/distroless/static:nonroot
COPY --from=build --chown=65532:65532 /out/app /app
USER nonroot
EXPOSE 8080/tcp
ENTRYPOINT ["/app"]
`,
  node: `FROM node:22-slim AS base
ENV NODE_ENV=production \\
    # comments may stand here
    PATH="/app/node_modules/.bin:$PATH"
WORKDIR /app

FROM base AS deps
COPY --link package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev && \\

    npm cache clean --force

FROM base
COPY --from=deps /app/node_modules ./node_modules
COPY --exclude=*.md --parents src/./ .
LABEL org.opencontainers.image.title="An app" org.opencontainers.image.authors='A "B" C'
HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD curl -f http://localhost:3000/ || exit 1
STOPSIGNAL SIGTERM
VOLUME ["/data", "/with blank"]
CMD node server.js
`,
  python: `FROM python:3.13
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN <<EOF
set -eu
apt-get update
apt-get install -y --no-install-recommends libpq5
EOF
RUN <<-'PY' python3 && echo done
	import sys
	print(f"\${sys.version}")
	PY
COPY <<nginx.conf <<"app.ini" /etc/app/
server { listen \${PORT:-80}; }
nginx.conf
path = $HOME
app.ini
ADD --checksum=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 https://example.org/a /a
ONBUILD COPY requirements.txt .
ONBUILD RUN <<EOT
pip install -r requirements.txt
EOT
ENV legacy the rest of the line
EXPOSE 8000-8002 53/udp
`,
  windows:
    '# escape=`\r\nFROM mcr.microsoft.com/windows/nanoserver\r\nCOPY a `\r\n  C:\\app\\\r\nRUN dir C:\\\r\n',
  strange: `
ARG a=1 b="2 3" c
from scratch as One
maintainer Nobody <nobody@example.org>
Copy ["a b", "/c d/"]
env x=\${a#1}\${b%%?} y="\${c:-\${a:+z}}" z='$a'
FROM one
RUN echo "a \\" b" \\\\
WORKDIR a
user \${x:-1000}:\${y:-1000}
`,
};
