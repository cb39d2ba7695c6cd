// ferretdb ADDRESS URL: FerretDB with its SQLite backend, as the program of that name, which needs files that the
// module does not have.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: os.Args[1]},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: os.Args[2],
	})
	if err == nil {
		err = server.Run(ctx)
	}
	if err != nil && ctx.Err() == nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}
