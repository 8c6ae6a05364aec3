package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// raiseLoopback brings `lo` up in a fresh network namespace, gives it the pod's own address (any text that is no IPv4
// address: none), and lets everyone listen on every port in it.
func raiseLoopback(address string) error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bringing up lo: %w", err)
	}
	defer syscall.Close(socket)
	var request struct { // struct ifreq of netdevice(7)
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return fmt.Errorf("bringing up lo: %w", errno)
	}
	if ip := net.ParseIP(address).To4(); ip != nil {
		var alias struct { // struct ifreq with a struct sockaddr_in
			name    [16]byte
			family  uint16
			port    uint16
			address [4]byte
			_       [16]byte
		}
		copy(alias.name[:], "lo:1")
		alias.family = syscall.AF_INET
		copy(alias.address[:], ip)
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFADDR, uintptr(unsafe.Pointer(&alias)))
		if errno != 0 {
			return fmt.Errorf("giving lo the address %s: %w", address, errno)
		}
	}
	// A container that is not root may listen on port 80 too, as under containerd.
	_ = os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0)
	return nil
}
