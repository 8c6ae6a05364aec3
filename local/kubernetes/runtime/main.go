// The pod runtime: containers of a pod as real processes in Linux namespaces.
//
//	podruntime check            can this machine and user run pods? exit 0, or 1 with the reason on stderr
//	podruntime pod STATE SOCKET ADDRESS HOSTNAME
//	                            run one pod: commands on stdin, events on stdout, one JSON object a line
//	podruntime unpack DIR       unpack the tar stream on stdin into DIR as an overlay lower directory
//	podruntime remove PATH...   remove trees, whatever the modes of their directories
//
// As root no user namespace is made; as anyone else a user namespace maps that user to root inside. A pod's life
// is tied to its stdin: when whoever holds the other end dies, however it dies, the pod's first process ends, and
// with it, by the rules of PID and mount namespaces, every process and mount of the pod.
//
// Pods have loopback only: they cannot open connections to the outside, as root neither. They are reached through
// the Unix socket SOCKET (see forward.go).
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: podruntime check|pod|unpack|remove"))
	}
	// Namespaces, capabilities and the parent-death signal belong to threads, so the main goroutine keeps its own.
	runtime.LockOSThread()
	arguments := os.Args[2:]
	if needed := map[string]int{"pod": 4, "unpack": 1}[os.Args[1]]; len(arguments) < needed {
		fail(fmt.Errorf("podruntime %s: %d arguments are needed", os.Args[1], needed))
	}
	switch os.Args[1] {
	case "check":
		reexec(true, "check-inside")
	case "check-inside":
		fail(check())
	case "pod":
		reexec(true, "pod-inside", arguments...)
	case "pod-inside":
		fail(runPod(arguments[0], arguments[1], arguments[2], arguments[3]))
	case "container-inside":
		enterContainer()
	case "unpack":
		reexec(false, "unpack-inside", arguments...)
	case "unpack-inside":
		fail(unpack(arguments[0], os.Stdin))
	case "remove":
		reexec(false, "remove-inside", arguments...)
	case "remove-inside":
		for _, path := range arguments {
			fail(os.RemoveAll(path))
		}
	default:
		fail(fmt.Errorf("podruntime: unknown command %q", os.Args[1]))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
