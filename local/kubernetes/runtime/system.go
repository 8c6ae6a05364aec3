package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const oPath = 0x200000 // O_PATH, which the syscall package does not name

func deviceMounts() []mount {
	var mounts []mount
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		mounts = append(mounts, mount{Source: "/dev/" + name, Target: "/dev/" + name})
	}
	return mounts
}

// mountSystem gives the container its /proc, /dev and /sys.
func mountSystem(devices []int) error {
	const guarded = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC
	for _, directory := range []string{"/proc", "/dev", "/sys"} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return err
		}
	}
	if err := syscall.Mount("proc", "/proc", "proc", guarded, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/dev", "tmpfs", syscall.MS_NOSUID, "mode=755,size=64k"); err != nil {
		return fmt.Errorf("mounting /dev: %w", err)
	}
	for i, device := range deviceMounts() {
		if err := bind(devices[i], device); err != nil {
			return fmt.Errorf("mounting %s: %w", device.Target, err)
		}
	}
	links := map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join("/dev", name)); err != nil {
			return err
		}
	}
	// What follows is comfort: a kernel that refuses it still runs the container.
	for _, directory := range []string{"/dev/shm", "/dev/pts"} {
		_ = os.Mkdir(directory, 0o755)
	}
	_ = syscall.Mount("shm", "/dev/shm", "tmpfs", guarded, "mode=1777,size=64m")
	_ = syscall.Mount("devpts", "/dev/pts", "devpts", syscall.MS_NOSUID|syscall.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
	_ = syscall.Mount("sysfs", "/sys", "sysfs", guarded|syscall.MS_RDONLY, "")
	// As root nothing but this keeps a container from the machine's own settings.
	for _, path := range []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"} {
		if syscall.Mount(path, path, "", syscall.MS_BIND|syscall.MS_REC, "") == nil {
			_ = remountReadOnly(path)
		}
	}
	return nil
}
