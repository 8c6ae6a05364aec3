package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// unpack writes a layer's tar stream as an overlay lower directory (OCI image specification, layer.md: whiteouts).
// The process's root becomes that directory, so no symbolic link of the layer leads out of it.
func unpack(directory string, stream io.Reader) error {
	syscall.Umask(0)
	if err := syscall.Chroot(directory); err != nil {
		return fmt.Errorf("chroot %s: %w", directory, err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	layer := &layer{archive: tar.NewReader(stream), keepOwners: !oneUser}
	for {
		header, err := layer.archive.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = layer.add(header)
		}
		if err != nil {
			return fmt.Errorf("unpacking a layer: %w", err)
		}
	}
	for i := len(layer.directories) - 1; i >= 0; i-- { // later entries would have changed these times
		entry := layer.directories[i]
		_ = os.Chtimes(entry.name, entry.time, entry.time)
	}
	_, err := io.Copy(io.Discard, stream) // the digest covers what follows the end of the archive too
	return err
}

type layer struct {
	archive     *tar.Reader
	keepOwners  bool
	directories []timed
}

type timed struct {
	name string
	time time.Time
}

// absolute refuses names that climb out and makes all others absolute.
func absolute(name string) (string, error) {
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("the entry %q leaves the layer's root", name)
		}
	}
	return path.Clean("/" + name), nil
}

func (layer *layer) add(header *tar.Header) error {
	name, err := absolute(header.Name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if base := path.Base(name); strings.HasPrefix(base, ".wh.") {
		return whiteOut(path.Dir(name), strings.TrimPrefix(base, ".wh."))
	}
	if name != "/" {
		if err := makeRoom(name, header.Typeflag); err != nil {
			return err
		}
	}
	if err := layer.create(name, header); err != nil {
		return err
	}
	return layer.dress(name, header)
}

// whiteOut hides what lower layers have: one name, or all of a directory (the marker's name is then .wh..opq).
func whiteOut(directory, name string) error {
	target := path.Join(directory, name)
	switch {
	case name == ".wh..opq":
		return makeOpaque(directory)
	case strings.HasPrefix(name, ".wh."):
		return nil // metadata of aufs
	}
	status, err := os.Lstat(target)
	switch {
	case err == nil && status.IsDir():
		return makeOpaque(target) // this layer's own content stays
	case err == nil:
		return nil
	}
	return syscall.Mknod(target, syscall.S_IFCHR, 0)
}

func makeOpaque(directory string) error {
	if err := syscall.Setxattr(directory, "user.overlay.opaque", []byte("y"), 0); err != nil {
		return fmt.Errorf("marking %s as opaque: %w", directory, err)
	}
	return nil
}

// makeRoom removes an entry that the new one replaces; a directory that stays a directory keeps its content.
func makeRoom(name string, kind byte) error {
	status, err := os.Lstat(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || (kind == tar.TypeDir && status.IsDir()) {
		return err
	}
	hidden := isWhiteout(status)
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	if hidden && kind == tar.TypeDir {
		if err := os.Mkdir(name, 0o755); err != nil {
			return err
		}
		return makeOpaque(name)
	}
	return nil
}

func isWhiteout(status os.FileInfo) bool {
	return status.Mode()&os.ModeCharDevice != 0 && status.Sys().(*syscall.Stat_t).Rdev == 0
}
