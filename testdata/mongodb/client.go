// client ADDRESS: what the Go driver says: with zlib, snappy or zstd (COMPRESSOR), a few commands.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

func main() {
	ctx := context.Background()
	o := options.Client().ApplyURI("mongodb://" + os.Args[1]).SetMaxPoolSize(1).SetAppName("go")
	if len(os.Args) > 2 {
		o.SetCompressors(os.Args[2:3])
	}
	client, err := mongo.Connect(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Disconnect(ctx)
	items := client.Database("shop").Collection("go")
	items.DeleteMany(ctx, bson.D{})
	items.InsertOne(ctx, bson.D{{"_id", 1}, {"name", "a"}, {"text", strings.Repeat("many words ", 40)}})
	many := make([]any, 30)
	for i := range many {
		many[i] = bson.D{{"_id", 10 + i}, {"name", fmt.Sprint("n", i)}, {"text", strings.Repeat("lorem ", 50)}}
	}
	items.InsertMany(ctx, many)
	items.InsertOne(ctx, bson.D{{"_id", 1}}) // a duplicate
	items.UpdateMany(ctx, bson.D{{"_id", bson.D{{"$gt", 20}}}}, bson.D{{"$set", bson.D{{"seen", true}}}})
	cursor, err := items.Find(ctx, bson.D{}, options.Find().SetBatchSize(10))
	if err == nil {
		var all []bson.D
		cursor.All(ctx, &all)
	}
	items.CountDocuments(ctx, bson.D{{"seen", true}})
	unacknowledged := client.Database("shop").Collection("go", options.Collection().SetWriteConcern(writeconcern.Unacknowledged()))
	unacknowledged.InsertOne(ctx, bson.D{{"_id", 2}})
	client.Database("shop").RunCommand(ctx, bson.D{{"noSuchCommand", 1}})
	items.DeleteOne(ctx, bson.D{{"_id", 1}})
}
