package main

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// copyLayer applies an unpacked layer to a directory: what the overlay file system does, for kernels that refuse it.
func copyLayer(layer, target string) error {
	return filepath.Walk(layer, func(source string, status os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(layer, source)
		if err != nil {
			return err
		}
		return copyEntry(source, filepath.Join(target, name), status)
	})
}

func copyEntry(source, target string, status os.FileInfo) error {
	there, err := os.Lstat(target)
	stays := err == nil && status.IsDir() && there.IsDir() && !isOpaque(source)
	if err == nil && !stays {
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	own := status.Sys().(*syscall.Stat_t)
	switch {
	case isWhiteout(status):
		return nil
	case status.Mode()&os.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err == nil {
			err = os.Symlink(link, target)
		}
		if err == nil {
			err = giveTo(target, own)
		}
		return err
	case status.IsDir():
		if !stays {
			err = os.Mkdir(target, 0o700)
		} else {
			err = nil
		}
	case status.Mode().IsRegular():
		err = copyFile(source, target)
	default:
		err = syscall.Mknod(target, own.Mode, int(own.Rdev))
	}
	if err == nil {
		err = giveTo(target, own)
	}
	if err == nil {
		err = syscall.Chmod(target, own.Mode&0o7777)
	}
	return err
}

func giveTo(path string, owner *syscall.Stat_t) error {
	if oneUser {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}

func isOpaque(directory string) bool {
	var value [1]byte
	size, err := syscall.Getxattr(directory, "user.overlay.opaque", value[:])
	return err == nil && size == 1 && value[0] == 'y'
}

func copyFile(source, target string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return err
	}
	return to.Close()
}
