package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// containerSpec says all about a container. Paths on the outside are relative to the state directory.
type containerSpec struct {
	Layers   []string `json:"layers"`  // lower directories, the topmost first
	Scratch  string   `json:"scratch"` // directory of the container: upper, work and root are made in it
	ReadOnly bool     `json:"readOnly"`
	Mounts   []mount  `json:"mounts"`
	Args     []string `json:"args"`
	Env      []string `json:"env"`
	Cwd      string   `json:"cwd"`
	Uid      int      `json:"uid"`
	Gid      int      `json:"gid"`
	Groups   []int    `json:"groups"`
	Log      string   `json:"log"`
}

type mount struct {
	Source   string `json:"source"`
	Target   string `json:"target"` // absolute, inside the container
	ReadOnly bool   `json:"readOnly"`
}

type container struct {
	spec    *containerSpec
	process *os.Process
	log     *logFile
	pipes   sync.WaitGroup
}

// startContainer returns once the container's program runs; its error says in runc's words why it does not.
func startContainer(spec *containerSpec) (*container, error) {
	log, err := openLog(spec.Log)
	if err != nil {
		return nil, err
	}
	this := &container{spec: spec, log: log}
	child := exec.Command("/proc/self/exe", "container-inside")
	child.Env = []string{"GOMAXPROCS=1"}
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Setsid:     true,
	}
	if oneUser && (spec.Uid != 0 || spec.Gid != 0) {
		asUser(child.SysProcAttr, spec.Uid, spec.Gid, 0, 0)
		// The first program in there has no root's rights by its uid, but has to mount.
		child.SysProcAttr.AmbientCaps = []uintptr{capSysAdmin, capDacOverride, capFowner, capSetpcap, capSysChroot, capMknod}
	}
	said, err := this.launch(child)
	if err == nil && len(said) > 0 {
		err = errors.New(string(said))
	}
	if err != nil {
		if child.Process != nil {
			_ = child.Wait()
		}
		this.pipes.Wait()
		log.close()
		return nil, err
	}
	this.process = child.Process
	return this, nil
}

// launch starts the process, gives it its spec, and returns what it says before its program replaces it.
func (this *container) launch(child *exec.Cmd) ([]byte, error) {
	specReader, specWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer specWriter.Close()
	saidReader, saidWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer saidReader.Close()
	outReader, outWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	errReader, errWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	child.Stdout, child.Stderr, child.ExtraFiles = outWriter, errWriter, []*os.File{specReader, saidWriter}
	err = child.Start()
	for _, file := range []*os.File{specReader, saidWriter, outWriter, errWriter} {
		file.Close()
	}
	this.pipes.Add(2)
	go func() { defer this.pipes.Done(); this.log.copyFrom(outReader, "stdout") }()
	go func() { defer this.pipes.Done(); this.log.copyFrom(errReader, "stderr") }()
	if err != nil {
		return nil, fmt.Errorf("creating namespaces: %w", err)
	}
	if err := json.NewEncoder(specWriter).Encode(this.spec); err != nil {
		return nil, err
	}
	return io.ReadAll(saidReader)
}

// wait returns when the container's first process, and so all of them, ended and all they wrote is in the log.
func (this *container) wait() syscall.WaitStatus {
	state, err := this.process.Wait()
	this.pipes.Wait()
	this.log.close()
	if err != nil {
		return syscall.WaitStatus(255 << 8)
	}
	return state.Sys().(syscall.WaitStatus)
}
