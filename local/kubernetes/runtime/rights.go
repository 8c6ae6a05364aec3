package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

const (
	capDacOverride = 1
	capFowner      = 3
	capSetpcap     = 8
	capSysChroot   = 18
	capMknod       = 27
	lastCapability = 63

	prCapbsetDrop = 24
	prCapAmbient  = 47
	ambientClear  = 4
)

// keptCapabilities are those that containerd leaves to a container: chown, dac_override, fowner, fsetid, kill,
// setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
const keptCapabilities = 1<<0 | 1<<1 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<10 | 1<<13 | 1<<18 | 1<<27 | 1<<29 | 1<<31

// dropRights makes this thread the container's user with a container's capabilities; what it executes inherits that.
func dropRights(spec *containerSpec) error {
	for capability := 0; capability <= lastCapability; capability++ {
		if keptCapabilities&(1<<capability) == 0 {
			prctl(prCapbsetDrop, uintptr(capability), 0) // EINVAL for those that this kernel does not know
		}
	}
	prctl(prCapAmbient, ambientClear, 0)
	if oneUser {
		return clearInheritable() // the user namespace made the user already
	}
	groups := spec.Groups
	if groups == nil {
		groups = []int{}
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := syscall.Setgid(spec.Gid); err != nil {
		return fmt.Errorf("setgid %d: %w", spec.Gid, err)
	}
	if err := syscall.Setuid(spec.Uid); err != nil {
		return fmt.Errorf("setuid %d: %w", spec.Uid, err)
	}
	return nil
}

// clearInheritable empties the set that gave the ambient capabilities, for programs with file capabilities.
func clearInheritable() error {
	header := capHeader{version: 0x20080522}
	var data [2]capData
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0); errno != 0 {
		return fmt.Errorf("capget: %w", errno)
	}
	data[0].inheritable, data[1].inheritable = 0, 0
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0); errno != 0 {
		return fmt.Errorf("capset: %w", errno)
	}
	return nil
}

func prctl(option, argument, second uintptr) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_PRCTL, option, argument, second, 0, 0, 0)
}
