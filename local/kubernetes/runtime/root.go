package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// enterRoot mounts the container's file system and makes it this process's root. The old root goes away last:
// bind mounts come out of it, and a new /proc may only be mounted while a full one is in sight.
func enterRoot(spec *containerSpec) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	root, err := mountRoot(spec)
	if err != nil {
		return err
	}
	sources, err := openAll(spec.Mounts)
	if err != nil {
		return err
	}
	devices, err := openAll(deviceMounts())
	if err != nil {
		return err
	}
	oldRoot, err := syscall.Open("/", syscall.O_DIRECTORY|oPath|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := syscall.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	// From here on "/" is the container's, and symbolic links in an image lead nowhere else.
	if err := mountSystem(devices); err != nil {
		return err
	}
	for i, mount := range spec.Mounts {
		if err := bind(sources[i], mount); err != nil {
			return fmt.Errorf("mounting %s: %w", mount.Target, err)
		}
	}
	if err := syscall.Fchdir(oldRoot); err != nil {
		return err
	}
	if err := syscall.Unmount(".", syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the old root: %w", err)
	}
	return os.Chdir("/")
}

// mountRoot overlays the image's layers with a fresh upper directory; where that is not possible, it copies them.
func mountRoot(spec *containerSpec) (string, error) {
	upper, work, root := filepath.Join(spec.Scratch, "upper"), filepath.Join(spec.Scratch, "work"), filepath.Join(spec.Scratch, "root")
	for _, directory := range []string{upper, work, root} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return "", err
		}
	}
	options := fmt.Sprintf("userxattr,lowerdir=%s,upperdir=%s,workdir=%s", strings.Join(spec.Layers, ":"), upper, work)
	err := syscall.Mount("overlay", root, "overlay", 0, options+",volatile")
	if err != nil {
		err = syscall.Mount("overlay", root, "overlay", 0, options)
	}
	if err == nil {
		return root, nil
	}
	for i := len(spec.Layers) - 1; i >= 0; i-- {
		if err := copyLayer(spec.Layers[i], upper); err != nil {
			return "", fmt.Errorf("copying the image: %w", err)
		}
	}
	if err := syscall.Mount(upper, root, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return "", fmt.Errorf("mounting the root: %w", err)
	}
	return root, nil
}

func openAll(mounts []mount) ([]int, error) {
	descriptors := make([]int, len(mounts))
	for i, mount := range mounts {
		descriptor, err := syscall.Open(mount.Source, oPath|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", mount.Source, err)
		}
		descriptors[i] = descriptor
	}
	return descriptors, nil
}

// bind mounts what the descriptor stands for, making the target what the source is.
func bind(descriptor int, mount mount) error {
	source := fmt.Sprintf("/proc/self/fd/%d", descriptor)
	status, err := os.Stat(source)
	if err != nil {
		return err
	}
	if err := makeTarget(mount.Target, status.IsDir()); err != nil {
		return err
	}
	if err := syscall.Mount(source, mount.Target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return err
	}
	if mount.ReadOnly {
		return remountReadOnly(mount.Target)
	}
	return nil
}

func makeTarget(path string, directory bool) error {
	if directory {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o644)
	if errors.Is(err, os.ErrPermission) {
		return nil // it exists, with a mode that keeps us from reading it
	}
	if err == nil {
		file.Close()
	}
	return err
}

// remountReadOnly keeps the flags that the mount came with: in a user namespace they may not be given up.
func remountReadOnly(path string) error {
	var status syscall.Statfs_t
	if err := syscall.Statfs(path, &status); err != nil {
		return err
	}
	const kept = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC | syscall.MS_NOATIME | syscall.MS_NODIRATIME
	flags := uintptr(status.Flags) & kept
	const relatime = 0x1000 // ST_RELATIME
	if status.Flags&relatime != 0 {
		flags |= syscall.MS_RELATIME
	}
	return syscall.Mount("", path, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY|flags, "")
}
