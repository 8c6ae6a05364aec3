package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// create makes the entry itself, with its content.
func (layer *layer) create(name string, header *tar.Header) error {
	mode := uint32(header.Mode & 0o7777)
	switch header.Typeflag {
	case tar.TypeDir:
		layer.directories = append(layer.directories, timed{name, header.ModTime})
		if err := os.Mkdir(name, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		return nil
	case tar.TypeReg, tar.TypeRegA: //nolint:staticcheck // old archives have it
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, layer.archive); err != nil {
			file.Close()
			return err
		}
		return file.Close()
	case tar.TypeSymlink:
		return os.Symlink(header.Linkname, name)
	case tar.TypeLink:
		target, err := absolute(header.Linkname)
		if err != nil {
			return err
		}
		return os.Link(target, name)
	case tar.TypeFifo:
		return syscall.Mkfifo(name, mode)
	case tar.TypeChar, tar.TypeBlock:
		return layer.makeDevice(name, header, mode)
	case tar.TypeXGlobalHeader:
		return nil
	}
	return fmt.Errorf("the entry %q has the unknown type %q", header.Name, header.Typeflag)
}

// makeDevice leaves a device out where only root may make it: no container needs it from a layer.
func (layer *layer) makeDevice(name string, header *tar.Header, mode uint32) error {
	kind := uint32(syscall.S_IFCHR)
	if header.Typeflag == tar.TypeBlock {
		kind = syscall.S_IFBLK
	}
	number := int(header.Devmajor&0xfff)<<8 | int(header.Devminor&0xff) | int(header.Devminor&0xfff00)<<12
	err := syscall.Mknod(name, kind|mode, number)
	if errors.Is(err, os.ErrPermission) && !layer.keepOwners {
		return nil
	}
	return err
}

// dress gives the entry its owner, mode, attributes and time; in this order, as a new owner clears set-user-id.
func (layer *layer) dress(name string, header *tar.Header) error {
	if header.Typeflag == tar.TypeLink || header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
		return nil // a device that was left out
	}
	if layer.keepOwners {
		if err := os.Lchown(name, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	if header.Typeflag == tar.TypeSymlink {
		return nil
	}
	if err := syscall.Chmod(name, uint32(header.Mode&0o7777)); err != nil {
		return err
	}
	for key, value := range header.PAXRecords {
		if attribute := strings.TrimPrefix(key, "SCHILY.xattr."); attribute != key && layer.keepOwners {
			_ = syscall.Setxattr(name, attribute, []byte(value), 0) // not every file system has every attribute
		}
	}
	if header.Typeflag == tar.TypeReg {
		return os.Chtimes(name, header.ModTime, header.ModTime)
	}
	return nil
}
