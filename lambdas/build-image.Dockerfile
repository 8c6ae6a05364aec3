# The image of the function build-image: Lambda's Node runtime, a Go toolchain, and what renders apps' own manifests.
FROM public.ecr.aws/docker/library/golang:1.26 AS go
# From source, because it is checked against Go's checksum database, and there for every processor that functions run on.
RUN CGO_ENABLED=0 GOBIN=/tools go install -trimpath -ldflags="-s -w" sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
RUN CGO_ENABLED=0 GOBIN=/tools go install -trimpath -ldflags="-s -w" helm.sh/helm/v4/cmd/helm@v4.1.4

FROM public.ecr.aws/lambda/nodejs:24
COPY --from=go /usr/local/go /usr/local/go
COPY --from=go /tools /usr/local/bin
ENV PATH=/usr/local/go/bin:${PATH}
COPY index.mjs ${LAMBDA_TASK_ROOT}/
CMD ["index.handler"]
