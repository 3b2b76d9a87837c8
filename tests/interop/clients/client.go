// A session with ZooKeeper through github.com/samuel/go-zookeeper.
//
//	client HOST:PORT
//
// Prints what it gets, line by line; the transcript must be the same on every server. The line "!cut"
// asks whoever runs it to cut the TCP connections. Ends with 0 if it came to its end.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/samuel/go-zookeeper/zk"
)

type quiet struct{}

func (quiet) Printf(string, ...interface{}) {}

func connect(host string) (*zk.Conn, <-chan zk.Event) {
	conn, events, err := zk.Connect([]string{host}, 15*time.Second, zk.WithLogger(quiet{}))
	if err != nil {
		fmt.Println("connect:", err)
		os.Exit(1)
	}
	awaitSession(events)
	return conn, events
}

func awaitSession(events <-chan zk.Event) {
	for {
		select {
		case event := <-events:
			if event.State == zk.StateHasSession {
				return
			}
		case <-time.After(20 * time.Second):
			fmt.Println("no session after 20 s")
			os.Exit(1)
		}
	}
}

func show(what string, err error) {
	if err == nil {
		fmt.Println(what+":", "ok")
	} else {
		fmt.Println(what+":", err)
	}
}

func showStat(stat *zk.Stat) {
	fmt.Printf("  version %d cversion %d aversion %d length %d children %d ephemeral %v\n",
		stat.Version, stat.Cversion, stat.Aversion, stat.DataLength, stat.NumChildren,
		stat.EphemeralOwner != 0)
}

func create(conn *zk.Conn, path string, data []byte, flags int32) {
	name, err := conn.Create(path, data, flags, zk.WorldACL(zk.PermAll))
	show(fmt.Sprintf("create %s flags %d -> %s", path, flags, name), err)
}

func get(conn *zk.Conn, path string) {
	data, stat, err := conn.Get(path)
	show(fmt.Sprintf("get %s %q", path, data), err)
	if err == nil {
		showStat(stat)
	}
}

func list(conn *zk.Conn, path string) {
	names, stat, err := conn.Children(path)
	sort.Strings(names)
	show(fmt.Sprintf("children of %s %v", path, names), err)
	if err == nil {
		showStat(stat)
	}
}

func showEvent(events <-chan zk.Event) {
	select {
	case event := <-events:
		fmt.Println("  event:", event.Type, event.Path, event.Err)
	case <-time.After(20 * time.Second):
		fmt.Println("  no event after 20 s")
		os.Exit(1)
	}
}

func nodes(conn *zk.Conn) {
	create(conn, "/g", []byte("hello"), 0)
	create(conn, "/g", nil, 0)
	create(conn, "/none/g", nil, 0)
	create(conn, "/g/empty", []byte{}, 0)
	create(conn, "/g/sequence-", nil, zk.FlagSequence)
	create(conn, "/g/ephemeral", nil, zk.FlagEphemeral)
	create(conn, "/g/both-", nil, zk.FlagEphemeral|zk.FlagSequence)
	create(conn, "/g/ephemeral/below", nil, 0)
	create(conn, "/g/bad\x01", nil, 0)
	create(conn, "bad", nil, 0)
	name, err := conn.CreateProtectedEphemeralSequential("/g/guarded-", nil, zk.WorldACL(zk.PermAll))
	show("protected", err)
	fmt.Println("  ends well:", strings.HasSuffix(name, "guarded-0000000004"), strings.HasPrefix(name, "/g/_c_"))
	show("delete it", conn.Delete(name, -1))
	get(conn, "/g")
	get(conn, "/g/empty")
	get(conn, "/g/none")
	list(conn, "/g")
	list(conn, "/none")
	stat, err := conn.Set("/g", []byte("v1"), -1)
	show("set any version", err)
	showStat(stat)
	_, err = conn.Set("/g", []byte("v2"), 7)
	show("set stale version", err)
	show("delete with children", conn.Delete("/g", -1))
	show("delete stale version", conn.Delete("/g/empty", 5))
	show("delete", conn.Delete("/g/empty", 0))
	show("delete again", conn.Delete("/g/empty", 0))
	found, _, err := conn.Exists("/g")
	show(fmt.Sprint("exists ", found), err)
	found, _, err = conn.Exists("/g/empty")
	show(fmt.Sprint("exists ", found), err)
	path, err := conn.Sync("/g")
	show("sync "+path, err)
	big := make([]byte, 900000)
	create(conn, "/g/big", big, 0)
	data, _, err := conn.Get("/g/big")
	show(fmt.Sprint("big ", len(data)), err)
}

func watches(conn *zk.Conn, other *zk.Conn) {
	_, _, created, err := conn.ExistsW("/w")
	show("watch missing", err)
	create(other, "/w", []byte("1"), 0)
	showEvent(created)
	_, _, changed, err := conn.GetW("/w")
	show("watch data", err)
	_, _, children, err := conn.ChildrenW("/w")
	show("watch children", err)
	_, err = other.Set("/w", []byte("2"), -1)
	show("set", err)
	showEvent(changed)
	create(other, "/w/child", nil, 0)
	showEvent(children)
	_, _, gone, err := conn.GetW("/w/child")
	show("watch data", err)
	_, _, parent, err := conn.ChildrenW("/w")
	show("watch parent", err)
	show("delete", other.Delete("/w/child", -1))
	showEvent(gone)
	showEvent(parent)
}

func permissions(conn *zk.Conn, other *zk.Conn) {
	show("auth", conn.AddAuth("digest", []byte("ben:secret")))
	_, err := conn.Create("/a", []byte("mine"), 0, zk.AuthACL(zk.PermAll))
	show("create", err)
	acl, stat, err := conn.GetACL("/a")
	show(fmt.Sprint("acl ", acl), err)
	showStat(stat)
	_, err = conn.Create("/a/d", nil, 0, zk.DigestACL(zk.PermRead, "leo", "word"))
	show("digest acl", err)
	get(other, "/a")
	_, err = other.Set("/a", nil, -1)
	show("set", err)
	_, err = other.Create("/a/x", nil, 0, zk.WorldACL(zk.PermAll))
	show("create under", err)
	_, err = other.SetACL("/a", zk.WorldACL(zk.PermAll), -1)
	show("set acl", err)
	_, err = conn.SetACL("/a", zk.WorldACL(zk.PermRead), 0)
	show("set acl", err)
	get(other, "/a")
	show("delete under", other.Delete("/a/d", -1))
	_, err = conn.Create("/bad", nil, 0, []zk.ACL{{Perms: zk.PermAll, Scheme: "nosuch", ID: "x"}})
	show("bad acl", err)
}

func multi(conn *zk.Conn) {
	acl := zk.WorldACL(zk.PermAll)
	responses, err := conn.Multi(
		&zk.CreateRequest{Path: "/m", Data: []byte("1"), Acl: acl},
		&zk.CreateRequest{Path: "/m/s-", Acl: acl, Flags: zk.FlagSequence},
		&zk.SetDataRequest{Path: "/m", Data: []byte("2"), Version: 0},
		&zk.CheckVersionRequest{Path: "/m", Version: 1},
	)
	show("multi", err)
	for _, response := range responses {
		fmt.Println("  result:", response.String, response.Error)
		if response.Stat != nil {
			showStat(response.Stat)
		}
	}
	responses, err = conn.Multi(
		&zk.DeleteRequest{Path: "/m/s-0000000000", Version: -1},
		&zk.CheckVersionRequest{Path: "/m", Version: 9},
		&zk.DeleteRequest{Path: "/m", Version: -1},
	)
	show("failing multi", err)
	for _, response := range responses {
		fmt.Println("  result:", response.Error)
	}
	list(conn, "/m")
}

func locks(host string) {
	var group sync.WaitGroup
	inside, most, total := 0, 0, 0
	for i := 0; i < 5; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			conn, _ := connect(host)
			defer conn.Close()
			for round := 0; round < 5; round++ {
				lock := zk.NewLock(conn, "/lock", zk.WorldACL(zk.PermAll))
				if err := lock.Lock(); err != nil {
					fmt.Println("lock:", err)
					return
				}
				inside++
				if inside > most {
					most = inside
				}
				total++
				inside--
				if err := lock.Unlock(); err != nil {
					fmt.Println("unlock:", err)
				}
			}
		}()
	}
	group.Wait()
	fmt.Println("locks taken", total, "at once", most)
}

// The connection is cut; the client comes back by itself and sets its watches again.
func reconnect(conn *zk.Conn, events <-chan zk.Event, host string) {
	create(conn, "/r", nil, 0)
	create(conn, "/r/e", nil, zk.FlagEphemeral)
	session := conn.SessionID()
	_, _, changed, err := conn.GetW("/r")
	show("watch", err)
	for len(events) > 0 {
		<-events
	}
	fmt.Println("!cut")
	awaitSession(events)
	fmt.Println("same session:", session == conn.SessionID())
	other, _ := connect(host)
	_, err = other.Set("/r", []byte("x"), -1)
	show("set by another", err)
	showEvent(changed)
	found, _, err := conn.Exists("/r/e")
	show(fmt.Sprint("exists ", found), err)
	other.Close()
}

func main() {
	host := os.Args[1]
	fmt.Println("ruok:", zk.FLWRuok([]string{host}, 5*time.Second))
	conn, events := connect(host)
	other, _ := connect(host)
	nodes(conn)
	watches(conn, other)
	permissions(conn, other)
	multi(conn)
	other.Close()
	locks(host)
	reconnect(conn, events, host)
	conn.Close()
	fmt.Println("end")
}
