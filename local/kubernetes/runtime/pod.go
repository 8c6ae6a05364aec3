package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// command is one line on the pod's stdin.
type command struct {
	Do        string         `json:"do"` // start, signal or exec
	ID        string         `json:"id"` // of the container, or of the exec
	Spec      *containerSpec `json:"spec"`
	Signal    int            `json:"signal"`
	Container string         `json:"container"`
	Args      []string       `json:"args"`
	TimeoutMs int            `json:"timeoutMs"`
}

// event is one line on the pod's stdout.
type event struct {
	Event   string `json:"event"` // ready, started, failed, exited or executed
	ID      string `json:"id,omitempty"`
	Code    int    `json:"code"`
	Signal  int    `json:"signal,omitempty"`
	Message string `json:"message,omitempty"` // of failed; the output of executed
}

type pod struct {
	lock       sync.Mutex
	containers map[string]*container
	events     *json.Encoder
}

// runPod is the pod's first process: it starts, signals and reaps its containers as it is told, until its stdin ends.
func runPod(state, socket, address, hostname string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	// The one of this PID namespace: joining containers and mapping their users goes by the PIDs in here.
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := os.Chdir(state); err != nil { // all paths are relative to it, and so short enough for a socket
		return err
	}
	if err := raiseLoopback(address); err != nil {
		return err
	}
	if err := serveForwards(socket, address); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("setting the host name: %w", err)
	}
	pod := &pod{containers: map[string]*container{}, events: json.NewEncoder(os.Stdout)}
	pod.tell(event{Event: "ready"})
	commands := json.NewDecoder(os.Stdin)
	for {
		var command command
		if commands.Decode(&command) != nil {
			os.Exit(0) // the kernel kills whatever is left in this PID namespace
		}
		pod.obey(command)
	}
}

func (pod *pod) tell(event event) {
	pod.lock.Lock()
	defer pod.lock.Unlock()
	if pod.events.Encode(event) != nil {
		os.Exit(1)
	}
}

func (pod *pod) obey(command command) {
	switch command.Do {
	case "start":
		go pod.run(command.ID, command.Spec)
	case "signal":
		if container := pod.find(command.ID); container != nil {
			_ = container.process.Signal(syscall.Signal(command.Signal))
		}
	case "exec":
		go func() {
			code, output := pod.find(command.Container).execute(command.Args, time.Duration(command.TimeoutMs)*time.Millisecond)
			pod.tell(event{Event: "executed", ID: command.ID, Code: code, Message: output})
		}()
	}
}

func (pod *pod) find(id string) *container {
	pod.lock.Lock()
	defer pod.lock.Unlock()
	return pod.containers[id]
}

// run starts one container, tells of it, waits for its end and tells of that.
func (pod *pod) run(id string, spec *containerSpec) {
	container, err := startContainer(spec)
	if err != nil {
		pod.tell(event{Event: "failed", ID: id, Message: err.Error()})
		return
	}
	pod.lock.Lock()
	pod.containers[id] = container
	pod.lock.Unlock()
	pod.tell(event{Event: "started", ID: id})
	ended := container.wait()
	pod.lock.Lock()
	delete(pod.containers, id)
	pod.lock.Unlock()
	if ended.Signaled() {
		pod.tell(event{Event: "exited", ID: id, Code: 128 + int(ended.Signal()), Signal: int(ended.Signal())})
	} else {
		pod.tell(event{Event: "exited", ID: id, Code: ended.ExitStatus()})
	}
}
