package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// serveForwards lets those outside reach ports inside the pod: a connection to the Unix socket says "PORT\n", the
// answer is "connected\n" or the errno's name and "\n", and then bytes go both ways, each half closed on its own. The
// port is dialled at the pod's own address, where a program that listens on localhost only is not found, as in any
// cluster; a pod that has none of its own (any text that is no IPv4 address) is dialled at localhost.
func serveForwards(path, address string) error {
	if net.ParseIP(address).To4() == nil {
		address = "127.0.0.1"
	}
	_ = os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go forward(connection.(*net.UnixConn), address)
		}
	}()
	return nil
}

func forward(outside *net.UnixConn, address string) {
	defer outside.Close()
	header := bufio.NewReaderSize(outside, 16)
	line, err := header.ReadString('\n')
	port, parseError := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || parseError != nil {
		return
	}
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(port)), 10*time.Second)
	if err != nil {
		fmt.Fprintf(outside, "%s\n", errnoName(err))
		return
	}
	inside := connection.(*net.TCPConn)
	defer inside.Close()
	if _, err := io.WriteString(outside, "connected\n"); err != nil {
		return
	}
	if early, _ := header.Peek(header.Buffered()); len(early) > 0 {
		if _, err := inside.Write(early); err != nil {
			return
		}
	}
	var both sync.WaitGroup
	both.Add(2)
	go func() { defer both.Done(); pass(inside, outside) }()
	go func() { defer both.Done(); pass(outside, inside) }()
	both.Wait()
}

type stream interface {
	io.ReadWriter
	CloseRead() error
	CloseWrite() error
}

// pass copies one direction; at its end the other side sees the end too. When the receiver is gone nobody reads on.
func pass(to, from stream) {
	_, err := io.Copy(to, from)
	_ = to.CloseWrite()
	if err != nil {
		_ = from.CloseRead()
	}
}

func errnoName(err error) string {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno) && errno == syscall.ECONNREFUSED:
		return "ECONNREFUSED"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "ETIMEDOUT"
	default:
		return "EIO"
	}
}
