package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const outputLimit = 10 << 10 // bytes of a command's output that are kept, as kubelet does

// execute runs a command in the namespaces of a running container: its exit code and what it wrote. The code is
// -1 when it could not be run, and -2 when it did not end in time.
func (this *container) execute(args []string, timeout time.Duration) (int, string) {
	if this == nil || len(args) == 0 {
		return -1, "container not found"
	}
	type result struct {
		code   int
		output string
	}
	results := make(chan result, 1)
	go func() {
		// The thread enters the namespaces and dies with this goroutine, as it is never unlocked.
		runtime.LockOSThread()
		code, output := this.executeOnThisThread(args, timeout)
		results <- result{code, output}
	}()
	ended := <-results
	return ended.code, ended.output
}

func (this *container) executeOnThisThread(args []string, timeout time.Duration) (int, string) {
	if err := joinNamespaces(this.process.Pid); err != nil {
		return -1, err.Error()
	}
	path, err := findExecutable(args[0], this.spec.Env)
	if err != nil {
		return -1, err.Error()
	}
	output := &bounded{}
	command := &exec.Cmd{Path: path, Args: args, Env: this.spec.Env, Dir: this.spec.Cwd, Stdout: output, Stderr: output}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if !oneUser {
		groups := make([]uint32, len(this.spec.Groups))
		for i, group := range this.spec.Groups {
			groups[i] = uint32(group)
		}
		command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(this.spec.Uid), Gid: uint32(this.spec.Gid), Groups: groups}
	}
	if err := command.Start(); err != nil {
		return -1, err.Error()
	}
	if timeout <= 0 {
		timeout = time.Hour
	}
	end := time.AfterFunc(timeout, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	_ = command.Wait()
	if inTime := end.Stop(); !inTime {
		return -2, output.String()
	}
	return command.ProcessState.ExitCode(), output.String()
}

// joinNamespaces moves this thread into the mount and PID namespace of a container's first process.
func joinNamespaces(pid int) error {
	var files []*os.File
	for _, name := range []string{"mnt", "pid"} {
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, name))
		if err != nil {
			return err
		}
		defer file.Close()
		files = append(files, file)
	}
	if err := syscall.Unshare(syscall.CLONE_FS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	for i := len(files) - 1; i >= 0; i-- {
		if _, _, errno := syscall.RawSyscall(sysSetns, files[i].Fd(), 0, 0); errno != 0 {
			return fmt.Errorf("setns: %w", errno)
		}
	}
	return nil
}

// bounded keeps the first bytes and swallows the rest.
type bounded struct{ bytes.Buffer }

func (buffer *bounded) Write(data []byte) (int, error) {
	if room := outputLimit - buffer.Len(); room > 0 {
		kept := data
		if len(kept) > room {
			kept = kept[:room]
		}
		buffer.Buffer.Write(kept)
	}
	return len(data), nil
}
