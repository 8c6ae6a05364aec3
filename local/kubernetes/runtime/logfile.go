package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

const logLimit = 4 << 20 // bytes of one log file; one older file is kept beside it as PATH.1

// logFile holds a container's output in the format of the container runtime interface, one line each:
// `2006-01-02T15:04:05.999999999Z stdout F text`, with P instead of F for a part of an overlong line.
type logFile struct {
	lock sync.Mutex
	path string
	file *os.File
	size int64
}

func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	return &logFile{path: path, file: file}, err
}

// copyFrom writes what comes out of the pipe until its last writer is gone.
func (log *logFile) copyFrom(pipe io.ReadCloser, stream string) {
	defer pipe.Close()
	reader := bufio.NewReaderSize(pipe, 16<<10)
	for {
		text, err := reader.ReadSlice('\n')
		if len(text) > 0 {
			log.write(stream, text)
		}
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
}

func (log *logFile) write(stream string, text []byte) {
	tag := " F "
	if text[len(text)-1] != '\n' {
		tag = " P "
	}
	var line bytes.Buffer
	line.WriteString(time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z "))
	line.WriteString(stream + tag)
	line.Write(bytes.TrimSuffix(text, []byte("\n")))
	line.WriteByte('\n')
	log.lock.Lock()
	defer log.lock.Unlock()
	if log.size+int64(line.Len()) > logLimit {
		log.rotate()
	}
	written, _ := log.file.Write(line.Bytes())
	log.size += int64(written)
}

func (log *logFile) rotate() {
	if os.Rename(log.path, log.path+".1") != nil {
		return
	}
	if next, err := openLog(log.path); err == nil {
		log.file.Close()
		log.file, log.size = next.file, 0
	}
}

func (log *logFile) close() {
	log.lock.Lock()
	defer log.lock.Unlock()
	log.file.Close()
}
