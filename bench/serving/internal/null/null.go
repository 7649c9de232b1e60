// Package null answers every request with the same bytes, as fast as one core can: the ceiling of a load generator.
package null

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
)

const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"predictions\":[.5]}"

// Serve answers until the context ends. It reads no more of a request than where the next begins.
func Serve(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		connection, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go serve(connection)
	}
}

func serve(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for {
		length, err := readHead(reader)
		if err != nil {
			return
		}
		if _, err := reader.Discard(length); err != nil {
			return
		}
		if _, err := connection.Write([]byte(answer)); err != nil {
			return
		}
	}
}

// readHead reads up to the empty line, and gives the length of the body that follows.
func readHead(reader *bufio.Reader) (length int, err error) {
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return 0, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return length, nil
		}
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, err
			}
		}
	}
}
