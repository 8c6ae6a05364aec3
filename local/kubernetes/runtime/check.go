package main

import (
	"fmt"
	"os"
	"syscall"
)

// check does, in the namespaces of a pod, what every container needs.
func check() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	directory, err := os.MkdirTemp("", "podruntime")
	if err != nil {
		return err
	}
	defer os.Remove(directory)
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mounting tmpfs: %w", err)
	}
	defer syscall.Unmount(directory, syscall.MNT_DETACH)
	return raiseLoopback("10.244.0.1")
}
