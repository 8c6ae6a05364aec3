# The image of the function build-image: Lambda's Node runtime, a Go toolchain, and what renders apps' own manifests.
#
# Built while it is deployed, by Docker or without it: every RUN is a plain go command that compiles for the target on
# the machine that builds, so that neither root nor an emulated processor is needed.
ARG GO_IMAGE=public.ecr.aws/docker/library/golang:1.26
ARG NODE_IMAGE=public.ecr.aws/lambda/nodejs:24

# From source, because it is checked against Go's checksum database, and there for every processor that functions run on.
# A module of its own for each, so that its dependencies are those that its authors tested it with; `go install` compiles
# into GOBIN for this machine alone.
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS tools
ARG TARGETARCH
ENV CGO_ENABLED=0 GOOS=linux GOARCH=${TARGETARCH}
RUN mkdir -p /src/kustomize /src/helm /tools
RUN cd /src/kustomize \
 && go mod init tools/kustomize \
 && go get sigs.k8s.io/kustomize/kustomize/v5@v5.7.1 \
 && go build -trimpath -ldflags="-s -w" -o /tools/kustomize sigs.k8s.io/kustomize/kustomize/v5
RUN cd /src/helm \
 && go mod init tools/helm \
 && go get helm.sh/helm/v4/cmd/helm@v4.1.4 \
 && go build -trimpath -ldflags="-s -w" -o /tools/helm helm.sh/helm/v4/cmd/helm

# The toolchain that the function has is that of its own processor.
FROM ${GO_IMAGE} AS go

FROM ${NODE_IMAGE}
COPY --from=go /usr/local/go /usr/local/go
COPY --from=tools /tools /usr/local/bin
ENV PATH=/usr/local/go/bin:${PATH}
COPY *.mjs ${LAMBDA_TASK_ROOT}/
CMD ["index.handler"]
