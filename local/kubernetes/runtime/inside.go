package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
)

// enterContainer is the first process of a container until the container's program takes its place: it has its own
// mount and PID namespace, the spec on descriptor 3, and tells on descriptor 4 why it cannot go on.
func enterContainer() {
	said := os.NewFile(4, "said")
	syscall.CloseOnExec(4)
	var spec containerSpec
	err := json.NewDecoder(os.NewFile(3, "spec")).Decode(&spec)
	syscall.CloseOnExec(3)
	var path string
	if err == nil {
		path, err = prepare(&spec)
	}
	if err != nil {
		_, _ = io.WriteString(said, err.Error())
		os.Exit(128)
	}
	said.Close()
	err = syscall.Exec(path, spec.Args, spec.Env)
	// A wrong architecture or a missing interpreter: the developer finds it in the log, as with runc.
	fmt.Fprintf(os.Stderr, "exec %s: %v\n", path, err)
	os.Exit(255)
}

// prepare turns the process into what the container's program shall find, and returns that program's path.
func prepare(spec *containerSpec) (string, error) {
	syscall.Umask(0)
	if err := enterRoot(spec); err != nil {
		return "", err
	}
	syscall.Umask(0o022)
	if spec.Cwd == "" {
		spec.Cwd = "/"
	}
	if err := os.MkdirAll(spec.Cwd, 0o755); err != nil && !spec.ReadOnly {
		return "", fmt.Errorf("creating the working directory: %w", err)
	}
	if spec.ReadOnly {
		if err := remountReadOnly("/"); err != nil {
			return "", fmt.Errorf("making the root file system read-only: %w", err)
		}
	}
	if err := dropRights(spec); err != nil {
		return "", err
	}
	if err := os.Chdir(spec.Cwd); err != nil {
		return "", fmt.Errorf("chdir to cwd (%q) set in config.json failed: %w", spec.Cwd, err)
	}
	return findExecutable(spec.Args[0], spec.Env)
}
