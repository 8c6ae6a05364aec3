import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

/** What the modules that the Dockerfile names are here: as few lines as make a program. */
const MODULES: Record<string, { version: string; program: string }> = {
  'sigs.k8s.io/kustomize/kustomize/v5': { version: 'v5.7.1', program: 'main.go' },
  'helm.sh/helm/v4': { version: 'v4.1.4', program: 'cmd/helm/main.go' },
};

/** A module proxy (go.dev/ref/mod, "GOPROXY protocol") with small programs in place of the real ones. */
export async function startModuleProxy() {
  const files = new Map<string, Buffer>();
  for (const [name, { version, program }] of Object.entries(MODULES)) {
    const mod = Buffer.from(`module ${name}\n\ngo 1.19\n`);
    const main = Buffer.from(`package main\n\nfunc main() { println(${JSON.stringify(name)}) }\n`);
    const root = `${name}@${version}`;
    const zip = zipOf({ [`${root}/go.mod`]: mod, [`${root}/${program}`]: main });
    const info = Buffer.from(JSON.stringify({ Version: version, Time: '2026-01-01T00:00:00Z' }));
    for (const [ending, bytes] of Object.entries({ info, mod, zip }))
      files.set(`/${name}/@v/${version}.${ending}`, bytes);
  }
  const server = createServer((request, response) => {
    const bytes = files.get(request.url ?? '');
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** A zip archive of files that are stored as they are (PKWARE, "APPNOTE.TXT", 4.3). */
function zipOf(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, bytes] of Object.entries(files)) {
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(10, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x0a\x00', 'latin1'), common, rest, name]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
