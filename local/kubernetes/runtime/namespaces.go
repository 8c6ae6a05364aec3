package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

const capSysAdmin = 21

// reexec runs another command of this program in new namespaces and exits as that did. With `pod` it gets all the
// namespaces of a pod; without, a user namespace only, and as root none at all.
func reexec(pod bool, command string, arguments ...string) {
	child := exec.Command("/proc/self/exe", append([]string{command}, arguments...)...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), "GOMAXPROCS=1")
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if pod {
		child.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC
	}
	if !mayMount() {
		asUser(child.SysProcAttr, 0, 0, os.Geteuid(), os.Getegid())
	}
	err := child.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	fail(err)
}

// asUser adds a user namespace in which the outer ids appear as the inner ones.
func asUser(attributes *syscall.SysProcAttr, uid, gid, outerUid, outerGid int) {
	attributes.Cloneflags |= syscall.CLONE_NEWUSER
	attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: outerUid, Size: 1}}
	attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: outerGid, Size: 1}}
}

// mayMount tells whether this process has CAP_SYS_ADMIN as root, and so needs no user namespace.
func mayMount() bool {
	header := capHeader{version: 0x20080522}
	var data [2]capData
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	return errno == 0 && os.Geteuid() == 0 && data[0].effective&(1<<capSysAdmin) != 0
}

type capHeader struct {
	version uint32
	pid     int32
}

type capData struct{ effective, permitted, inheritable uint32 }

// oneUser tells whether only one user exists in this process's user namespace, so that files cannot be given to
// others. It is asked once and early: /proc may be another one, or out of sight, later.
var oneUser = func() bool {
	mapping, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false
	}
	var inner, outer, size uint32
	_, err = fmt.Sscan(string(mapping), &inner, &outer, &size)
	return err == nil && size == 1
}()
