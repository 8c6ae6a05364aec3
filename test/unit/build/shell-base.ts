import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../../../lib/image/types.ts';
import { directory, imageOf, type Scratch } from './support.ts';

/** The program that is `/bin/sh`: it leaves its last argument in /ran, or sleeps when that says so. */
const SHELL = `package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	script := os.Args[len(os.Args)-1]
	if strings.HasPrefix(script, "sleep") {
		fmt.Println("sleeping")
		time.Sleep(time.Hour)
	}
	if os.WriteFile("/ran", []byte(script), 0o644) != nil {
		os.Exit(1)
	}
}
`;

/** A base image whose only program is a shell of this test's own, so that no distribution is needed. */
export async function baseWithShell(scratch: Scratch): Promise<Image> {
  const [source, program] = [join(scratch.root, 'sh.go'), join(scratch.root, 'sh')];
  writeFileSync(source, SHELL);
  const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' };
  execFileSync('go', ['build', '-o', program, source], { env });
  const shell = { path: 'bin/sh', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: statSync(program).size };
  return imageOf(scratch, [directory('bin'), { ...shell, type: 'file', file: program }]);
}
