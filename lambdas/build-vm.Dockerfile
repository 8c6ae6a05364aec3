# The image of the MicroVMs that builds run in: Node for the server, a Go toolchain, and what RUN takes to be kept
# apart. Everything is for linux/arm64, which is what MicroVMs are.
FROM public.ecr.aws/docker/library/golang:1.26-bookworm AS go

FROM public.ecr.aws/docker/library/node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates findutils git iproute2 iptables mount openssh-client tar util-linux \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /var/cache/fairlead
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:${PATH}
COPY *.mjs /opt/fairlead/
EXPOSE 8080 9000
CMD ["node", "/opt/fairlead/index.mjs"]
