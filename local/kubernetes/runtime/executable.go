package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// findExecutable finds a container's program as runc does, and complains in the same words.
func findExecutable(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		if err := executable(name); err != nil {
			return "", fmt.Errorf("exec: %q: %w", name, err)
		}
		return name, nil
	}
	for _, variable := range env {
		if !strings.HasPrefix(variable, "PATH=") {
			continue
		}
		for _, directory := range filepath.SplitList(strings.TrimPrefix(variable, "PATH=")) {
			if path := filepath.Join("/", directory, name); executable(path) == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("exec: %q: executable file not found in $PATH", name)
}

func executable(path string) error {
	status, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case status.IsDir():
		return errors.New("is a directory")
	case syscall.Access(path, 1) != nil:
		return errors.New("permission denied")
	}
	return nil
}
