// Hello answers every request with a greeting.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

const greeting = "Hello from Fairlead, version 1"

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, greeting)
	})
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("/static"))))

	var draining atomic.Bool
	server := &http.Server{
		Addr:              ":" + port,
		Handler:           closing(http.DefaultServeMux, &draining),
		ReadHeaderTimeout: 10 * time.Second,
	}
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM, os.Interrupt)
	drained := make(chan struct{})
	go func() {
		<-stopped
		// A cluster takes some moments to send new requests elsewhere, and those under way are to be answered.
		draining.Store(true)
		time.Sleep(3 * time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		close(drained)
	}()

	log.Printf("listening on :%s", port)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-drained
}

// closing tells clients, once the program is to end, to send their next request over another connection: that one goes
// to a program that stays. A connection that is just cut may have a request on its way.
func closing(next http.Handler, draining *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
