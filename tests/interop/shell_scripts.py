"""What test_shell.py runs in zkCli and in `speckeeper shell`: scripts, and single commands."""

from __future__ import annotations

SCRIPTS: dict[str, str] = {
    "create": """
        create /t
        create /t again
        create /t/a "two words"
        create /t/b 'it "is" quoted'
        get /t/a
        get /t/b
        create -s /t/s- x
        create -s /t/
        create -e /t/e x
        create -e /t/e/below x
        create -se /t/es- x
        create -c /t/c
        create -t 100000 /t/ttl x
        create -t 100000 -s /t/ttl- x
        create -t 0 /t/bad
        create -t 1099511627776 /t/bad
        create -t soon /t/bad
        create -t 10 -e /t/bad
        create -t 10 -c /t/bad
        create -c -s /t/bad
        create /missing/child x
        create relative
        create //t
        create /t/
        create /t/../t
        create /t/./t
        create
        create -s
        create -q /t/bad
        create --s /t/bad
        create -t
        ls /t
        """,
    "create with an ACL": """
        create /t d world:anyone:cdrwa
        create /t/a d world:anyone:r,digest:u:x:cd
        getAcl /t/a
        create /t/b d nonsense
        create /t/c d digest:u
        create /t/d d world:anyone:rz
        getAcl /t/d
        create /t/e d auth::cdrwa
        create /t/f d foo:bar:r
        create /t/g d ip:127.0.0.1:cdrwa
        getAcl -s /t/g
        ls /t
        """,
    "get": """
        create /t data
        get /t
        get -s /t
        get -ss /t
        get -s -w -- /t
        get /t true
        get /t watch
        get -z /t
        get -sz /t
        get --s /t
        get t
        get /none
        get ""
        """,
    "ls": """
        create /t
        create /t/b
        create /t/a
        create /t/a/deep
        create /t/a/deep/er
        ls /t
        ls -s /t
        ls -R /t
        ls -sR /t
        ls -R -w /t/a
        ls /t watch
        ls /t/b
        ls /none
        ls -R /none
        ls
        ls -q /t
        ls /t/
        """,
    "stat": """
        create /t data
        stat /t
        stat -w /t
        stat /t true
        stat /none
        stat
        stat -x /t
        """,
    "set": """
        create /t data
        set /t one
        get /t
        set -s /t two
        set /t three -v 2
        set /t four -v 2
        set -v=3 /t five
        set -v4 /t six
        set -sv -1 /t seven
        set /t ignored words here
        get /t
        set /t ""
        get -s /t
        set /t
        set -v
        set /none x
        """,
    "delete": """
        create /t
        create /t/a
        create /t/b
        delete -v 7 /t/a
        delete -v 0 /t/a
        delete /t
        delete /none
        delete
        delete -v
        ls /t
        deleteall /t
        ls /
        deleteall /t
        deleteall
        deleteall -b many /t
        create /t
        create /t/a
        create /t/a/b
        create /t/c
        deleteall /t -b 2
        create /t
        create /t/a
        deleteall -b 0 /t
        deleteall -b -1 /none
        ls /
        """,
    "ACLs": """
        create /t
        getAcl /t
        getAcl -s /t
        getAcl /none
        getAcl
        setAcl /t world:anyone:crwa
        setAcl -s /t world:anyone:cdrwa
        setAcl -v 9 /t world:anyone:cdrwa
        setAcl -v 2 /t world:anyone:cdrwa
        setAcl /t nonsense
        setAcl /t auth::cdrwa
        setAcl /t
        setAcl /none world:anyone:r
        create /t/a
        create /t/a/b
        setAcl /t world:anyone:cdrwa
        setAcl -R /t world:anyone:cdra
        getAcl /t/a/b
        setAcl /t/a world:anyone:r
        setAcl /t/a world:anyone:cdrwa
        set /t/a x
        create /t/a/c
        """,
    "authentication": """
        whoami
        addauth digest ben:secret
        whoami
        create /t data auth::cdrwa
        getAcl /t
        create /t/a data digest:ben:PC0ZklqkbevtIFBcBaL/OQ9DLeA=:r
        getAcl /t/a
        addauth digest super:secret
        whoami
        getAcl /t/a
        addauth
        """,
    "locked out": """
        create /t data digest:leo:ha4dVNUKxFiwSZGQpvHXspyA1ps=:cdrwa
        get /t
        getAcl /t
        ls /t
        set /t x
        create /t/a
        setAcl /t world:anyone:r
        ls -R /t
        addauth digest super:secret
        get /t
        getAcl /t
        """,
    "counting and ephemerals": """
        create /t
        create /t/a
        create -e /t/e x
        create -e /t/a/e x
        create -e /te x
        getEphemerals
        getEphemerals /t/
        getEphemerals /t/a
        getEphemerals /none
        getEphemerals t
        getAllChildrenNumber /t
        getAllChildrenNumber /
        getAllChildrenNumber /none
        getAllChildrenNumber
        """,
    "sync and config": """
        create /t
        sync /t
        sync /none
        sync t
        sync
        config
        config -c
        config -s
        config -x
        reconfig
        reconfig -add server.9=127.0.0.1:1:2;3
        reconfig -remove 9
        reconfig -s -v zz -remove 9
        reconfig -members a -add b
        reconfig -members a -file b
        version now
        """,
    "quotas": """
        create /t
        create /t/a x
        listquota /t
        setquota -n 5 /t
        listquota /t
        setquota -b 100 /t
        setquota -N 1 /t
        setquota -B 1 /t
        listquota /t
        setquota -n 3 /t/a
        setquota -n 3 /
        setquota /t
        setquota -n
        setquota -n 3
        setquota -n 3 -b 4 /t
        delquota -n /t
        delquota -B /t
        delquota -N /t
        listquota /t
        create /t/b y
        listquota /t
        delquota -n -b /t
        delquota
        delquota /t
        delquota /t
        listquota /t
        listquota
        create /t/a/deep
        setquota -n 9 /t/a/deep
        setquota -n 9 /t
        setquota -n 9 /t/a
        delquota /t/a/deep
        ls -R /zookeeper/quota
        setquota -n 9 /t
        ls -R /zookeeper/quota
        """,
    "a hard quota": """
        create /t
        setquota -N 2 /t
        create /t/a
        create /t/b
        setquota -B 10 /t
        set /t/a "much more than ten bytes"
        ls /t
        """,
    "history": """
        create /t
        history
        redo 0
        redo 1
        redo 99
        redo -1
        redo 2
        printwatches
        printwatches off
        printwatches
        printwatches on
        nonsense
        ls -Rs
        history
        ls /
        ls /
        ls /
        ls /
        history
        """,
    "connections": """
        create /t
        create -e /te x
        connect
        ls /
        connect {server}/t
        ls /
        create /a x
        create -s /a x
        get /a
        getAllChildrenNumber /
        create -e /e x
        ls -R /
        stat /none
        close
        ls /
        get /a
        close
        connect {server}
        ls /t
        """,
    "standard watches": """
        create /t
        ls -w /t
        stat -w /t/a
        create /t/a x
        get -w /t/a
        set /t/a y
        set /t/a z
        get -w /t/a
        ls -w /t/a
        ls -w /t
        delete /t/a
        get -w /t
        deleteall /t
        """,
    "persistent watches": """
        create /t
        addWatch -m PERSISTENT /t
        create /t/a
        create /t/b
        set /t one
        set /t two
        delete /t/a
        create /t/b/c
        addWatch -m persistent_recursive /t/b
        create /t/b/d
        set /t/b/d x
        ls -w /t/b
        create /t/b/d/e
        deleteall /t/b
        create /t/b
        addWatch
        addWatch -m WEEKLY /t
        addWatch /t /u
        addWatch -m
        """,
    "removing watches": """
        create /t
        removewatches /t
        removewatches /none
        removewatches
        get -w /t
        removewatches -c /t
        removewatches -d /t
        removewatches -d /t
        ls -w /t
        removewatches /t -c
        stat -w /t/none
        removewatches -d /t/none
        get -w /t
        ls -w /t
        addWatch /t
        removewatches -a /t
        set /t quiet
        addWatch -m PERSISTENT /t
        removewatches /t -l
        create /t/a
        """,
}

# Command, and zkCli's exit code where the shell's differs on purpose.
ONE_SHOTS: list[tuple[str, int | None]] = [
    ("create /t data", None),
    ("get /t", None),
    ("get -s /t", None),
    ("get /none", None),
    ("get -z /t", None),
    ("get", None),
    ("set /t v -v 9", None),
    ("set /t v -v x", None),
    ("set /none v", None),
    ("ls /", None),
    ("ls -R /none", None),
    ("stat /t", None),
    ("stat /none", None),
    ("delete /none", None),
    ("delete -v 3 /t", None),
    ("deleteall /none", None),
    ("getAcl /t", None),
    ("setAcl /t bogus", None),
    ("getEphemerals", None),
    ("getAllChildrenNumber /t", None),
    ("sync /t", None),
    ("config", None),
    ("listquota /t", None),
    ("delquota /t", None),
    ("setquota -n 0 /t", 0),
    ("setquota -n 5 /none", None),
    ("removewatches /t", None),
    ("addWatch /t", None),
    ("whoami", None),
    ("history", None),
    ("printwatches", None),
    ("version", None),
    ("quit", None),
    ("nonsense", None),
]
