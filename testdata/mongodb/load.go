// load ADDRESS KIND COMMANDS CLIENTS: finds by _id and inserts, one to nine for small documents, one to one for documents
// of 100 kB (KIND large). Prints how many commands the driver says that it sent.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const kept = 100 // documents in a collection: what finds one may look at all

func main() {
	ctx := context.Background()
	large := os.Args[2] == "large"
	commands, _ := strconv.ParseInt(os.Args[3], 10, 64)
	clients, _ := strconv.Atoi(os.Args[4])
	every, text := int64(10), strings.Repeat("words ", 10)
	if large {
		every, text = 2, strings.Repeat("0123456789", 10000)
	}
	var sent, taken atomic.Int64
	var all sync.WaitGroup
	for n := range clients {
		all.Add(1)
		go func() {
			defer all.Done()
			monitor := &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
				if e.CommandName == "find" || e.CommandName == "insert" {
					sent.Add(1)
				}
			}}
			client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + os.Args[1]).SetMaxPoolSize(1).SetMonitor(monitor))
			if err != nil {
				panic(err)
			}
			defer client.Disconnect(ctx)
			var items *mongo.Collection
			for i := int64(0); taken.Add(1) <= commands; i++ {
				id := i / every
				if i%(every*kept) == 0 {
					items = client.Database("bench").Collection(fmt.Sprint("items", n, "_", id/kept))
				}
				if i%every == 0 {
					_, err = items.InsertOne(ctx, bson.D{{"_id", id}, {"text", text}})
				} else {
					err = items.FindOne(ctx, bson.D{{"_id", id - i%(id%kept+1)}}).Err()
				}
				if err != nil {
					panic(err)
				}
			}
		}()
	}
	all.Wait()
	fmt.Println(sent.Load())
}
