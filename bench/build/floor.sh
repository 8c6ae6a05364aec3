#!/bin/bash
# The floor: what is left when nothing but the work itself is done. Compiles CONTEXT, packs the program, compresses it and
# uploads it with its config and manifest.
#
#   floor.sh CONTEXT WORK HOST REPOSITORY TAG
set -euo pipefail
context=$1 work=$2 api=http://$3/v2/$4 tag=$5
mkdir -p "$work/root"
(cd "$context" && GOCACHE=$work/gocache GOFLAGS=-buildvcs=false CGO_ENABLED=0 go build -o "$work/root/app" .)
tar --create --sort=name --owner=0 --group=0 --mtime=@0 --directory "$work/root" --file "$work/tar" app
sha256sum < "$work/tar" > "$work/diff" &
gzip --fast --no-name < "$work/tar" > "$work/layer"
wait
upload() {
  local digest location
  digest=sha256:$(sha256sum < "$1" | cut -d ' ' -f 1)
  location=$(curl --silent --fail --request POST --data '' --dump-header - "$api/blobs/uploads/" | tr -d '\r' | sed --quiet 's/^[Ll]ocation: //p')
  curl --silent --fail --request PUT --header 'Content-Type: application/octet-stream' --upload-file "$1" "$location&digest=$digest"
  echo "$digest"
}
layer=$(upload "$work/layer")
diff=$(cut -d ' ' -f 1 "$work/diff")
printf '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/app"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$diff" > "$work/config"
config=$(upload "$work/config")
oci=application/vnd.oci.image
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":%d},"layers":[{"mediaType":"%s.layer.v1.tar+gzip","digest":"%s","size":%d}]}' \
  $oci $oci "$config" "$(stat --format %s "$work/config")" $oci "$layer" "$(stat --format %s "$work/layer")" > "$work/manifest"
curl --silent --fail --request PUT --header "Content-Type: $oci.manifest.v1+json" --upload-file "$work/manifest" "$api/manifests/$tag"
