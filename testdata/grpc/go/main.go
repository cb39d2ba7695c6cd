// calls serve ADDRESS | calls CASE ADDRESS [N [CONNECTIONS [AT_ONCE [BYTES]]]]: a gRPC server and client whose messages
// are plain bytes, for the captures of make_grpc.sh and the loads of bench/grpc.sh.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "proto" }

// Every method: the answer depends on the method's name.
func serve(_ any, stream grpc.ServerStream) error {
	name, _ := grpc.MethodFromServerStream(stream)
	var in []byte
	switch name[strings.LastIndex(name, "/")+1:] {
	case "Unary":
		if err := stream.RecvMsg(&in); err != nil {
			return err
		}
		stream.SetTrailer(metadata.Pairs("x-served-by", "go"))
		return stream.SendMsg(&in)
	case "Bidi":
		for {
			if err := stream.RecvMsg(&in); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(&in); err != nil {
				return err
			}
		}
	case "Early": // ends before the client does
		return status.Error(codes.ResourceExhausted, "enough")
	case "Slow":
		time.Sleep(time.Second)
		return nil
	}
	return status.Error(codes.Unimplemented, "no such method "+name)
}

var desc = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

func call(c *grpc.ClientConn, name string, messages int, ctx context.Context) error {
	s, err := c.NewStream(ctx, desc, "/test.Go/"+name, grpc.ForceCodec(raw{}))
	if err != nil {
		return err
	}
	var out []byte
	for i := 0; i < messages; i++ {
		in := []byte(fmt.Sprintf("message %d", i))
		if err := s.SendMsg(&in); err != nil {
			break
		}
		if name == "Bidi" {
			if err := s.RecvMsg(&out); err != nil {
				return err
			}
		}
	}
	if name != "Early" {
		s.CloseSend()
	}
	for {
		if err := s.RecvMsg(&out); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func dial(address string) *grpc.ClientConn {
	c, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// unary makes a call as generated code does: the request's only message ends its stream.
func unary(c *grpc.ClientConn, message []byte) error {
	var out []byte
	return c.Invoke(context.Background(), "/test.Go/Unary", &message, &out, grpc.ForceCodec(raw{}))
}

// load makes n calls over so many connections with so many at once each, and says how many succeeded.
func load(address string, n, connections, atOnce int, one func(*grpc.ClientConn) error) {
	var wait sync.WaitGroup
	var mutex sync.Mutex
	ok := 0
	for k := 0; k < connections; k++ {
		c := dial(address)
		defer c.Close()
		for w := 0; w < atOnce; w++ {
			wait.Add(1)
			go func() {
				defer wait.Done()
				good := 0
				for i := 0; i < n/atOnce/connections; i++ {
					if one(c) == nil {
						good++
					}
				}
				mutex.Lock()
				ok += good
				mutex.Unlock()
			}()
		}
	}
	wait.Wait()
	fmt.Println(ok)
}

func main() {
	what, address := os.Args[1], os.Args[2]
	number := []int{1, 4, 25, 9}
	for i, text := range os.Args[3:] {
		number[i], _ = strconv.Atoi(text)
	}
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-token", "s3cret", "x-plain", "seen")
	switch what {
	case "serve":
		l, err := net.Listen("tcp", address)
		if err != nil {
			log.Fatal(err)
		}
		log.Fatal(grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(serve)).Serve(l))
	case "calls":
		c := dial(address)
		call(c, "Unary", 1, ctx)
		call(c, "Bidi", 3, ctx)
		call(c, "Early", 1, ctx)
		call(c, "None", 1, ctx)
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		call(c, "Slow", 1, short)
		cancel()
		c.Close()
	case "unary":
		message := bytes.Repeat([]byte("m"), number[3])
		load(address, number[0], number[1], number[2], func(c *grpc.ClientConn) error { return unary(c, message) })
	case "streams":
		load(address, number[0], number[1], number[2], func(c *grpc.ClientConn) error {
			return call(c, "Bidi", 50, context.Background())
		})
	}
}
