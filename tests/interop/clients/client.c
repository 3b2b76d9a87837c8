/* A session with ZooKeeper through the C client (libzookeeper_mt).
 *
 *     client HOST:PORT
 *
 * Prints what it gets, line by line; the transcript must be the same on every server. The line "!cut"
 * asks whoever runs it to cut the TCP connections. Ends with 0 if it came to its end.
 */
#define THREADED
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int events_waiting = 0;
static char events[64][256];
static int connects = 0;

static const char *event_name(int type) {
    if (type == ZOO_CREATED_EVENT) return "created";
    if (type == ZOO_DELETED_EVENT) return "deleted";
    if (type == ZOO_CHANGED_EVENT) return "changed";
    if (type == ZOO_CHILD_EVENT) return "child";
    if (type == ZOO_NOTWATCHING_EVENT) return "not watching";
    return "session";
}

static void on_event(zhandle_t *zh, int type, int state, const char *path, void *context) {
    (void)zh;
    pthread_mutex_lock(&lock);
    if (type == ZOO_SESSION_EVENT) {
        if (state == ZOO_CONNECTED_STATE) connects++;
    } else {
        snprintf(events[events_waiting++ % 64], 256, "%s %s (%s)", event_name(type), path,
                 context ? (const char *)context : "default");
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void await(int *count, int least, const char *what) {
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (*count < least) {
        if (pthread_cond_timedwait(&changed, &lock, &deadline) != 0) {
            printf("no %s after 20 s\n", what);
            exit(1);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* Prints the next `count` events, which may come in any order among themselves. */
static void print_events(int count) {
    await(&events_waiting, count, "event");
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            if (strcmp(events[i], events[j]) > 0) {
                char swap[256];
                strcpy(swap, events[i]);
                strcpy(events[i], events[j]);
                strcpy(events[j], swap);
            }
    for (int i = 0; i < count; i++) printf("  event: %s\n", events[i]);
    pthread_mutex_lock(&lock);
    events_waiting = 0;
    pthread_mutex_unlock(&lock);
}

static zhandle_t *connect_to(const char *host, const clientid_t *id) {
    int before = connects;
    zhandle_t *zh = zookeeper_init(host, on_event, 15000, id, NULL, 0);
    if (zh == NULL) {
        perror("zookeeper_init");
        exit(1);
    }
    await(&connects, before + 1, "connection");
    return zh;
}

static void show(const char *what, int code) { printf("%s: %s\n", what, zerror(code)); }

static void show_stat(const struct Stat *stat) {
    printf("  version %d cversion %d aversion %d length %d children %d ephemeral %s\n",
           stat->version, stat->cversion, stat->aversion, stat->dataLength, stat->numChildren,
           stat->ephemeralOwner ? "yes" : "no");
}

static void create(zhandle_t *zh, const char *path, const char *data, int flags) {
    char name[256] = "";
    struct Stat stat;
    int code = zoo_create2(zh, path, data, data ? (int)strlen(data) : -1, &ZOO_OPEN_ACL_UNSAFE,
                           flags, name, sizeof name, &stat);
    printf("create %s flags %d: %s %s\n", path, flags, zerror(code), name);
    if (code == ZOK) show_stat(&stat);
}

static void get(zhandle_t *zh, const char *path) {
    char data[256];
    int length = sizeof data;
    struct Stat stat;
    int code = zoo_get(zh, path, 0, data, &length, &stat);
    printf("get %s: %s", path, zerror(code));
    if (code == ZOK) {
        printf(" %d \"%.*s\"\n", length, length < 0 ? 0 : length, data);
        show_stat(&stat);
    } else {
        printf("\n");
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(zhandle_t *zh, const char *path) {
    struct String_vector names = {0, NULL};
    struct Stat stat;
    int code = zoo_get_children2(zh, path, 0, &names, &stat);
    printf("children of %s: %s", path, zerror(code));
    qsort(names.data, (size_t)names.count, sizeof(char *), by_name);
    for (int i = 0; i < names.count; i++) printf(" %s", names.data[i]);
    printf("\n");
    if (code == ZOK) show_stat(&stat);
    deallocate_String_vector(&names);
}

static void nodes(zhandle_t *zh) {
    create(zh, "/c", "hello", 0);
    create(zh, "/c", "again", 0);
    create(zh, "/none/c", "", 0);
    create(zh, "/c/null", NULL, 0);
    create(zh, "/c/empty", "", 0);
    create(zh, "/c/sequence-", "s", ZOO_SEQUENCE);
    create(zh, "/c/ephemeral", "e", ZOO_EPHEMERAL);
    create(zh, "/c/both-", "b", ZOO_EPHEMERAL | ZOO_SEQUENCE);
    create(zh, "/c/ephemeral/below", "x", 0);
    create(zh, "/c/container", "k", ZOO_CONTAINER);
    char name[256] = "";
    int code = zoo_create_ttl(zh, "/c/ttl", "t", 1, &ZOO_OPEN_ACL_UNSAFE,
                              ZOO_PERSISTENT_WITH_TTL, 60000, name, sizeof name);
    printf("ttl: %s %s\n", zerror(code), name);
    get(zh, "/c");
    get(zh, "/c/null");
    get(zh, "/c/empty");
    get(zh, "/c/none");
    list(zh, "/c");
    list(zh, "/none");
    struct Stat stat;
    show("set any version", zoo_set2(zh, "/c", "v1", 2, -1, &stat));
    show_stat(&stat);
    show("set version 1", zoo_set(zh, "/c", "v2", 2, 1));
    show("set stale version", zoo_set(zh, "/c", "v3", 2, 1));
    show("delete with children", zoo_delete(zh, "/c", -1));
    show("delete stale version", zoo_delete(zh, "/c/empty", 5));
    show("delete", zoo_delete(zh, "/c/empty", 0));
    show("delete again", zoo_delete(zh, "/c/empty", 0));
    show("exists", zoo_exists(zh, "/c", 0, &stat));
    show_stat(&stat);
    show("exists not", zoo_exists(zh, "/c/empty", 0, &stat));
    show("bad path", zoo_exists(zh, "no-slash", 0, &stat));
    char config[1024];
    int length = sizeof config;
    printf("config: %s\n", zerror(zoo_getconfig(zh, 0, config, &length, &stat)));
}

static void watches(zhandle_t *zh) {
    char data[256];
    int length = sizeof data;
    struct Stat stat;
    struct String_vector names = {0, NULL};
    show("watch missing", zoo_wexists(zh, "/w", on_event, "exists", &stat));
    create(zh, "/w", "1", 0);
    print_events(1);
    show("watch data", zoo_wget(zh, "/w", on_event, "data", data, &length, &stat));
    show("watch children", zoo_wget_children(zh, "/w", on_event, "children", &names));
    show("set", zoo_set(zh, "/w", "2", 1, -1));
    create(zh, "/w/child", "", 0);
    print_events(2);
    length = sizeof data;
    show("watch data", zoo_wget(zh, "/w/child", on_event, "data", data, &length, &stat));
    show("watch children", zoo_wget_children(zh, "/w/child", on_event, "children", &names));
    show("watch parent", zoo_wget_children(zh, "/w", on_event, "parent", &names));
    show("delete", zoo_delete(zh, "/w/child", -1));
    print_events(3);
    show("watch data", zoo_wexists(zh, "/w", on_event, "removed", &stat));
    show("remove watch",
         zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, "removed", 0));
    show("remove watch again",
         zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, "removed", 0));
    show("set", zoo_set(zh, "/w", "3", 1, -1));
}

static void permissions(zhandle_t *zh, const char *host) {
    zhandle_t *other = connect_to(host, NULL);
    show("auth", zoo_add_auth(zh, "digest", "ben:secret", 10, NULL, NULL));
    char name[256] = "";
    show("create", zoo_create(zh, "/a", "mine", 4, &ZOO_CREATOR_ALL_ACL, 0, name, sizeof name));
    struct ACL_vector acl;
    struct Stat stat;
    show("acl", zoo_get_acl(zh, "/a", &acl, &stat));
    for (int i = 0; i < acl.count; i++)
        printf("  %d %s %s\n", acl.data[i].perms, acl.data[i].id.scheme, acl.data[i].id.id);
    deallocate_ACL_vector(&acl);
    get(zh, "/a");
    get(other, "/a");
    show("set", zoo_set(other, "/a", "x", 1, -1));
    show("create under", zoo_create(other, "/a/x", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, name, 256));
    show("set acl", zoo_set_acl(other, "/a", -1, &ZOO_OPEN_ACL_UNSAFE));
    show("set acl stale", zoo_set_acl(zh, "/a", 3, &ZOO_OPEN_ACL_UNSAFE));
    show("set acl", zoo_set_acl(zh, "/a", 0, &ZOO_READ_ACL_UNSAFE));
    get(other, "/a");
    show("set", zoo_set(other, "/a", "x", 1, -1));
    show("delete", zoo_delete(other, "/a", -1));
    struct ACL bad = {ZOO_PERM_ALL, {"nosuch", "id"}};
    struct ACL_vector bad_acl = {1, &bad};
    show("bad acl", zoo_create(zh, "/bad", "", 0, &bad_acl, 0, name, sizeof name));
    zookeeper_close(other);
}

static void multi(zhandle_t *zh) {
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    char name[256] = "", other[256] = "";
    struct Stat stat;
    zoo_create_op_init(&ops[0], "/m", "1", 1, &ZOO_OPEN_ACL_UNSAFE, 0, name, sizeof name);
    zoo_create_op_init(&ops[1], "/m/s-", "2", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, other, 256);
    zoo_set_op_init(&ops[2], "/m", "3", 1, 0, &stat);
    zoo_check_op_init(&ops[3], "/m", 1);
    show("multi", zoo_multi(zh, 4, ops, results));
    for (int i = 0; i < 4; i++) show("  result", results[i].err);
    printf("  %s %s\n", name, other);
    show_stat(&stat);
    zoo_delete_op_init(&ops[0], "/m/s-0000000000", -1);
    zoo_check_op_init(&ops[1], "/m", 9);
    zoo_delete_op_init(&ops[2], "/m", -1);
    show("failing multi", zoo_multi(zh, 3, ops, results));
    for (int i = 0; i < 3; i++) show("  result", results[i].err);
    list(zh, "/m");
}

static int completed = 0;

static void on_data(int code, const char *value, int length, const struct Stat *stat,
                    const void *expected) {
    if (code != ZOK || length != 8 || memcmp(value, expected, 8) != 0 || stat->version != 1)
        printf("wrong answer: %s %.*s\n", zerror(code), length, value);
    pthread_mutex_lock(&lock);
    completed++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void ignore_stat(int code, const struct Stat *stat, const void *data) {
    (void)stat, (void)data;
    if (code != ZOK) show("async", code);
}

static void ignore_name(int code, const char *name, const void *data) {
    (void)name, (void)data;
    if (code != ZOK) show("async", code);
}

static void pipelined(zhandle_t *zh) {
    static char values[500][9];
    create(zh, "/p", "", 0);
    for (int i = 0; i < 500; i++) {
        char path[32];
        snprintf(path, sizeof path, "/p/%d", i);
        snprintf(values[i], 9, "v%07d", i);
        zoo_acreate(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, ignore_name, NULL);
        zoo_aset(zh, path, values[i], 8, 0, ignore_stat, NULL);
        zoo_aget(zh, path, 0, on_data, values[i]);
    }
    await(&completed, 500, "asynchronous answer");
    struct Stat stat;
    show("pipelined", zoo_exists(zh, "/p", 0, &stat));
    show_stat(&stat);
}

/* A process that leaves without closing its session; another one takes the session up. */
static void session_move(zhandle_t *zh, const char *host, const char *program) {
    int channel[2];
    clientid_t id;
    if (pipe(channel) != 0) exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char descriptor[16];
        snprintf(descriptor, sizeof descriptor, "%d", channel[1]);
        execl(program, program, host, descriptor, (char *)NULL);
        _exit(1);
    }
    close(channel[1]);
    if (read(channel[0], &id, sizeof id) != sizeof id) exit(1);
    waitpid(child, NULL, 0);
    get(zh, "/orphan");
    zhandle_t *heir = connect_to(host, &id);
    printf("same session: %s\n", zoo_client_id(heir)->client_id == id.client_id ? "yes" : "no");
    struct Stat stat;
    show("orphan", zoo_exists(heir, "/orphan", 0, &stat));
    printf("owner is the heir: %s\n", stat.ephemeralOwner == id.client_id ? "yes" : "no");
    show("watch", zoo_wexists(zh, "/orphan", on_event, "orphan", &stat));
    show("close", zookeeper_close(heir));
    print_events(1);
}

static void be_orphan(const char *host, int channel) {
    zhandle_t *zh = connect_to(host, NULL);
    char name[256];
    zoo_create(zh, "/orphan", "o", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, name, sizeof name);
    clientid_t id = *zoo_client_id(zh);
    if (write(channel, &id, sizeof id) != sizeof id) _exit(1);
    _exit(0);
}

/* The connection is cut; the client comes back by itself and sets its watches again. */
static void reconnect(zhandle_t *zh, const char *host) {
    struct Stat stat;
    char data[16];
    int length = sizeof data;
    zhandle_t *other = connect_to(host, NULL);
    create(zh, "/r", "", 0);
    create(zh, "/r/e", "", ZOO_EPHEMERAL);
    show("watch", zoo_wget(zh, "/r", on_event, "over the cut", data, &length, &stat));
    int before = connects;
    printf("!cut\n");
    fflush(stdout);
    await(&connects, before + 2, "reconnection of both");
    show("set by another", zoo_set(other, "/r", "x", 1, -1));
    print_events(1);
    show("still there", zoo_exists(zh, "/r/e", 0, &stat));
    zookeeper_close(other);
}

int main(int count, char **arguments) {
    zoo_set_debug_level(0);
    if (count == 3) be_orphan(arguments[1], atoi(arguments[2]));
    zhandle_t *zh = connect_to(arguments[1], NULL);
    printf("timeout %d\n", zoo_recv_timeout(zh));
    nodes(zh);
    watches(zh);
    permissions(zh, arguments[1]);
    multi(zh);
    pipelined(zh);
    session_move(zh, arguments[1], arguments[0]);
    reconnect(zh, arguments[1]);
    show("close", zookeeper_close(zh));
    return 0;
}
