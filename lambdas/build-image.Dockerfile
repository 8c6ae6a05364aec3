# The image of the function build-image: Lambda's Node runtime and a Go toolchain, side by side.
FROM public.ecr.aws/docker/library/golang:1.26 AS go

FROM public.ecr.aws/lambda/nodejs:24
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:${PATH}
COPY index.mjs ${LAMBDA_TASK_ROOT}/
CMD ["index.handler"]
