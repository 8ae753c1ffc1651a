// Command probe tries, from inside a pod, what that pod can reach: it is what the cluster's test puts beside LOL.JOA, under each identity.
//
//	probe wait
//	probe tcp HOST:PORT
//	probe grpc HOST:PORT /package.Service/Method
//	probe http URL
//	probe load
//
// It prints one line: what came back, or why nothing did. `load` bets as it is told to on its standard input, and answers each order with a line.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const patience = 4 * time.Second

func main() {
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 1 && arguments[0] == "wait":
		stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer cancel()
		<-stop.Done()
	case len(arguments) == 2 && arguments[0] == "tcp":
		fmt.Println(tcp(arguments[1]))
	case len(arguments) == 3 && arguments[0] == "grpc":
		fmt.Println(grpc(arguments[1], arguments[2]))
	case len(arguments) == 2 && arguments[0] == "http":
		fmt.Println(plain(arguments[1]))
	case len(arguments) == 1 && arguments[0] == "load":
		if err := load(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: probe wait | tcp HOST:PORT | grpc HOST:PORT METHOD | http URL | load")
		os.Exit(2)
	}
}

// tcp says whether a connection comes about, and whether it stays when something is sent that no protocol here begins with.
func tcp(address string) string {
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return refusal(err)
	}
	defer connection.Close()
	return "connected"
}

// grpc makes a call with an empty message, without a library: what counts is who answers.
func grpc(address, method string) string {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := http.Client{Transport: &http.Transport{Protocols: protocols}, Timeout: patience}
	request, err := http.NewRequest(http.MethodPost, "http://"+address+method, bytes.NewReader(make([]byte, 5)))
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := client.Do(request)
	if err != nil {
		return refusal(err)
	}
	defer response.Body.Close()
	// What is said at the end comes after the messages, of which there may be many; a stream that is open is an answer, too.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 16<<20))
	status, message := response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message")
	if status == "" {
		status, message = response.Trailer.Get("Grpc-Status"), response.Trailer.Get("Grpc-Message")
	}
	return fmt.Sprintf("http %d grpc %s %s", response.StatusCode, status, message)
}

// plain makes an HTTP request.
func plain(url string) string {
	client := http.Client{Timeout: patience}
	response, err := client.Get(url)
	if err != nil {
		return refusal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 80))
	return fmt.Sprintf("http %d %s", response.StatusCode, strings.ReplaceAll(string(body), "\n", " "))
}

func refusal(err error) string {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return "reset"
	}
	return "error " + err.Error()
}
