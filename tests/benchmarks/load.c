/*
 * Load generator for ZooKeeper's client protocol: one thread, epoll, requests encoded ahead.
 *
 * The machine is shared by the generator and the server under test, so an operation has to cost
 * the generator next to nothing: a request is a memcpy of a ready frame with a new xid, a reply is
 * checked (xid in order, err 0, zxid never falling, body length) without copying it, and all that
 * is due on a connection goes out with one send. Usage and output: generator.py.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CREATE = 1, DELETE = 2, GET = 4, SET = 5 };
enum { MAX_SERVERS = 16, MAX_CONNECTIONS = 4096, MAX_DEPTH = 1024, MAX_FRAME = 4096, INPUT = 1 << 17, STAT_BYTES = 68 };

/* Latency histogram: 2^SUB linear steps per power of two of nanoseconds, so an error under 0.8 %. */
enum { SUB = 7, BUCKETS = (64 - SUB) << SUB };

struct frame {
    int op, length;
    unsigned char bytes[MAX_FRAME];
};

/* One frame for every key, back to back: the paths, and so the frames, have one length. */
struct frames {
    int op, length;
    unsigned char *bytes;
};

struct connection {
    int fd, in_flight;
    int32_t next_xid, expected_xid;
    int64_t last_zxid;
    uint64_t sent_at[MAX_DEPTH];      /* ring by xid */
    unsigned char op_of[MAX_DEPTH];   /* ring by xid */
    size_t have, out_have, out_done;
    unsigned char *in, *out;
};

static const char *host = "127.0.0.1", *prefix = "/bench", *workload = "get";
static int ports[MAX_SERVERS] = {2181}, servers = 1;
static int connections = 50, depth = 1, value_size = 100, fan_out = 0;
static long keys = 1000, count = 0, write_percent = 10;
static double seconds = 5, warm_up = 0;
static uint64_t histogram[BUCKETS], measured, random_state = 88172645463325252ULL;
static long created;
static struct frames reads, writes;

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "load: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void put_int(unsigned char **at, int32_t value)
{
    uint32_t swapped = htonl((uint32_t)value);
    memcpy(*at, &swapped, 4);
    *at += 4;
}

static int32_t get_int(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return (int32_t)ntohl(value);
}

static int64_t get_long(const unsigned char *at)
{
    return (int64_t)((uint64_t)(uint32_t)get_int(at) << 32 | (uint32_t)get_int(at + 4));
}

static void put_bytes(unsigned char **at, const void *bytes, int length)
{
    put_int(at, length);
    memcpy(*at, bytes, (size_t)length);
    *at += length;
}

/* The path of node n: PREFIX/0000000042, or PREFIX/0000/0000000042 when fan_out > 0. */
static int path_of(char *path, size_t size, long n)
{
    return fan_out > 0 ? snprintf(path, size, "%s/%05ld/%010ld", prefix, n / fan_out, n)
                       : snprintf(path, size, "%s/%010ld", prefix, n);
}

static void encode(struct frame *frame, int op, const char *path, int data_size)
{
    static unsigned char value[MAX_FRAME / 2];
    unsigned char *at = frame->bytes + 4;
    memset(value, 'v', sizeof value);
    frame->op = op;
    put_int(&at, 0); /* xid, filled in when it is sent */
    put_int(&at, op);
    put_bytes(&at, path, (int)strlen(path));
    if (op == GET) {
        *at++ = 0;
    } else if (op == DELETE) {
        put_int(&at, -1);
    } else if (op == SET) {
        put_bytes(&at, value, data_size);
        put_int(&at, -1);
    } else {
        put_bytes(&at, value, data_size);
        put_int(&at, 1); /* one ACL entry: all rights to world:anyone */
        put_int(&at, 31);
        put_bytes(&at, "world", 5);
        put_bytes(&at, "anyone", 6);
        put_int(&at, 0);
    }
    frame->length = (int)(at - frame->bytes);
    at = frame->bytes;
    put_int(&at, frame->length - 4);
}

static struct frames encode_all(int op)
{
    static struct frame frame;
    struct frames all = {.op = op};
    char path[512];
    for (long n = 0; n < keys; n++) {
        path_of(path, sizeof path, n);
        encode(&frame, op, path, value_size);
        if (n == 0) {
            all.length = frame.length;
            all.bytes = malloc((size_t)keys * (size_t)frame.length);
            if (!all.bytes)
                fail("out of memory");
        }
        memcpy(all.bytes + n * frame.length, frame.bytes, (size_t)frame.length);
    }
    return all;
}

static void read_fully(int fd, unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t got = recv(fd, bytes, length, 0);
        if (got <= 0)
            fail("handshake: %s", got == 0 ? "connection closed" : strerror(errno));
        bytes += got;
        length -= (size_t)got;
    }
}

/* "2181,2182": the servers of an ensemble, which the connections are spread over in turns. */
static void take_ports(const char *list)
{
    char *end;
    for (servers = 0; servers < MAX_SERVERS; list = end + 1) {
        ports[servers++] = (int)strtol(list, &end, 10);
        if (*end != ',')
            return;
    }
    fail("more than %d servers", MAX_SERVERS);
}

static void open_session(struct connection *connection, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    unsigned char request[64] = {0}, reply[64], *at = request;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        fail("%s is not an IPv4 address", host);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("connect to %s:%d: %s", host, port, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    put_int(&at, 45);
    at += 4 + 8; /* protocol version, last zxid seen */
    put_int(&at, 40000);
    at += 8; /* session id */
    put_int(&at, 16);
    at += 16 + 1; /* password, read-only flag */
    if (send(fd, request, 49, MSG_NOSIGNAL) != 49)
        fail("handshake: %s", strerror(errno));
    read_fully(fd, reply, 4);
    int length = get_int(reply);
    if (length != 36 && length != 37)
        fail("handshake: a reply of %d bytes", length);
    read_fully(fd, reply, (size_t)length);
    if (get_int(reply + 4) <= 0)
        fail("handshake: the server refused the session");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    connection->fd = fd;
    connection->next_xid = connection->expected_xid = 1;
    connection->in = malloc(INPUT);
    connection->out = malloc((size_t)depth * MAX_FRAME);
    if (!connection->in || !connection->out)
        fail("out of memory");
}

static void close_session(struct connection *connection)
{
    unsigned char request[12], *at = request, reply[256];
    put_int(&at, 8);
    put_int(&at, connection->next_xid);
    put_int(&at, -11);
    struct timeval patience = {.tv_sec = 10};
    fcntl(connection->fd, F_SETFL, 0);
    setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(connection->fd, request, 12, MSG_NOSIGNAL) == 12)
        while (recv(connection->fd, reply, sizeof reply, 0) > 0)
            ;
    close(connection->fd);
}

/* A blocking request outside the measurement: makes the parents. NodeExists is no error. */
static void make_parent(struct connection *connection, const char *path)
{
    static struct frame frame;
    unsigned char reply[MAX_FRAME], *at = frame.bytes + 4;
    encode(&frame, CREATE, path, 0);
    put_int(&at, connection->next_xid++);
    connection->expected_xid++;
    fcntl(connection->fd, F_SETFL, 0);
    if (send(connection->fd, frame.bytes, (size_t)frame.length, MSG_NOSIGNAL) != frame.length)
        fail("create %s: %s", path, strerror(errno));
    read_fully(connection->fd, reply, 4);
    read_fully(connection->fd, reply + 4, (size_t)get_int(reply));
    int err = get_int(reply + 16);
    if (err != 0 && err != -110)
        fail("create %s: error %d", path, err);
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
}

/* Appends the next request to what is to be sent, but for its xid; returns its operation. */
static int next_request(unsigned char *at, int *length)
{
    static struct frame fresh;
    char path[512];
    const struct frames *from = &writes;
    if (reads.op && (!writes.op || (long)(next_random() % 100) >= write_percent))
        from = &reads;
    if (from->op) {
        *length = from->length;
        memcpy(at, from->bytes + next_random() % (uint64_t)keys * (uint64_t)from->length, (size_t)from->length);
        return from->op;
    }
    path_of(path, sizeof path, created++);
    encode(&fresh, workload[0] == 'd' ? DELETE : CREATE, path, value_size);
    memcpy(at, fresh.bytes, (size_t)fresh.length);
    *length = fresh.length;
    return fresh.op;
}

static void flush(struct connection *connection)
{
    while (connection->out_done < connection->out_have) {
        ssize_t sent = send(connection->fd, connection->out + connection->out_done,
                            connection->out_have - connection->out_done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            continue; /* depth x frame is far below the socket buffer; this does not happen in practice */
        if (sent < 0)
            fail("send: %s", strerror(errno));
        connection->out_done += (size_t)sent;
    }
    connection->out_done = connection->out_have = 0;
}

static void refill(struct connection *connection, uint64_t now)
{
    while (connection->in_flight < depth && (count == 0 || created < count)) {
        unsigned char *at = connection->out + connection->out_have;
        int32_t xid = connection->next_xid++;
        int length, op = next_request(at, &length);
        at += 4;
        put_int(&at, xid);
        connection->out_have += (size_t)length;
        connection->sent_at[xid % MAX_DEPTH] = now;
        connection->op_of[xid % MAX_DEPTH] = (unsigned char)op;
        connection->in_flight++;
    }
    flush(connection);
}

static void record(uint64_t ns)
{
    unsigned index = (unsigned)ns;
    if (ns >= 1u << SUB) {
        int shift = 63 - __builtin_clzll(ns) - SUB;
        index = (unsigned)(((uint64_t)(shift + 1) << SUB) + ((ns >> shift) & ((1u << SUB) - 1)));
    }
    histogram[index]++;
    measured++;
}

static double percentile(double fraction)
{
    uint64_t seen = 0, wanted = (uint64_t)((double)measured * fraction);
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > wanted) {
            unsigned shift = i >> SUB, low = i & ((1u << SUB) - 1);
            return shift == 0 ? low : ((double)low + (1 << SUB) + 0.5) * (double)(1ULL << (shift - 1));
        }
    }
    return 0;
}

static void check_reply(struct connection *connection, const unsigned char *frame, int length)
{
    int32_t xid = get_int(frame), err = get_int(frame + 12);
    int64_t zxid = get_long(frame + 4);
    int op = connection->op_of[connection->expected_xid % MAX_DEPTH], wanted = 16;
    if (xid != connection->expected_xid)
        fail("a reply with xid %d where %d was due", xid, connection->expected_xid);
    if (err != 0)
        fail("xid %d, operation %d: error %d", xid, op, err);
    if (zxid < connection->last_zxid)
        fail("xid %d: zxid fell from 0x%llx to 0x%llx", xid, (long long)connection->last_zxid, (long long)zxid);
    if (op == GET)
        wanted += 4 + value_size + STAT_BYTES;
    else if (op == SET)
        wanted += STAT_BYTES;
    if (op == CREATE ? length <= wanted : length != wanted)
        fail("xid %d, operation %d: a reply of %d bytes", xid, op, length);
    connection->last_zxid = zxid;
    connection->expected_xid++;
    connection->in_flight--;
}

/* Reads what is there and checks it; latencies count for replies that come in the measured time. */
static void take_replies(struct connection *connection, uint64_t start, uint64_t end, uint64_t *now)
{
    ssize_t got = recv(connection->fd, connection->in + connection->have, INPUT - connection->have, 0);
    size_t at = 0;
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("%s with %d requests in flight", got == 0 ? "connection closed" : strerror(errno), connection->in_flight);
    connection->have += (size_t)got;
    *now = now_ns();
    while (connection->have - at >= 4) {
        int length = get_int(connection->in + at);
        if (length < 16 || length > INPUT - 4)
            fail("a frame of %d bytes", length);
        if (connection->have - at < 4 + (size_t)length)
            break;
        uint64_t sent_at = connection->sent_at[connection->expected_xid % MAX_DEPTH];
        check_reply(connection, connection->in + at + 4, length);
        at += 4 + (size_t)length;
        if (*now >= start && *now < end)
            record(*now - sent_at);
    }
    connection->have -= at;
    memmove(connection->in, connection->in + at, connection->have);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6;
}

static void run(struct connection *all)
{
    struct epoll_event events[256];
    int poll = epoll_create1(0), open_requests = 1;
    uint64_t begin = now_ns(), now = begin;
    uint64_t start = begin + (uint64_t)(warm_up * 1e9), end = start + (uint64_t)(seconds * 1e9);
    double cpu = cpu_seconds();
    if (count > 0)
        start = begin, end = UINT64_MAX;
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
        refill(&all[i], now);
    }
    while (open_requests > 0) {
        int ready = epoll_wait(poll, events, 256, 60000);
        if (ready == 0)
            fail("no reply for 60 s");
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            take_replies(connection, start, end, &now);
            if (now < end)
                refill(connection, now);
        }
        if (now >= end || (count > 0 && created >= count)) {
            open_requests = 0;
            for (int i = 0; i < connections; i++)
                open_requests += all[i].in_flight;
        }
    }
    double elapsed = count > 0 ? (double)(now_ns() - begin) / 1e9 : seconds;
    printf("{\"operations\": %llu, \"seconds\": %.6f, \"created\": %ld, \"cpu_seconds\": %.3f, "
           "\"wall_seconds\": %.3f, \"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f}\n",
           (unsigned long long)measured, elapsed, created, cpu_seconds() - cpu, (double)(now_ns() - begin) / 1e9,
           percentile(0.5) / 1e3, percentile(0.9) / 1e3, percentile(0.99) / 1e3, percentile(0.999999) / 1e3);
}

int main(int argc, char **argv)
{
    static struct connection all[MAX_CONNECTIONS];
    for (int option; (option = getopt(argc, argv, "h:p:c:d:w:k:v:s:u:n:f:P:")) != -1;) {
        switch (option) {
        case 'h': host = optarg; break;
        case 'p': take_ports(optarg); break;
        case 'c': connections = atoi(optarg); break;
        case 'd': depth = atoi(optarg); break;
        case 'w': workload = optarg; break;
        case 'k': keys = atol(optarg); break;
        case 'v': value_size = atoi(optarg); break;
        case 's': seconds = atof(optarg); break;
        case 'u': warm_up = atof(optarg); break;
        case 'n': count = atol(optarg); break;
        case 'f': fan_out = atoi(optarg); break;
        case 'P': prefix = optarg; break;
        default: return 2;
        }
    }
    if (connections < 1 || connections > MAX_CONNECTIONS || depth < 1 || depth > MAX_DEPTH ||
        value_size < 0 || value_size > MAX_FRAME / 4 || keys < 1 || strlen(prefix) > 256)
        fail("an option is out of range");
    if (strcmp(workload, "get") == 0 || strcmp(workload, "mixed") == 0)
        reads = encode_all(GET);
    if (strcmp(workload, "set") == 0 || strcmp(workload, "mixed") == 0)
        writes = encode_all(SET);
    for (int i = 0; i < connections; i++)
        open_session(&all[i], ports[i % servers]);
    if (strcmp(workload, "create") == 0) {
        char path[512];
        make_parent(&all[0], prefix);
        for (long n = 0; fan_out > 0 && n < count; n += fan_out) {
            snprintf(path, sizeof path, "%s/%05ld", prefix, n / fan_out);
            make_parent(&all[0], path);
        }
    } else if (!reads.op && !writes.op && strcmp(workload, "delete") != 0) {
        fail("%s is no workload", workload);
    }
    run(all);
    for (int i = 0; i < connections; i++)
        close_session(&all[i]);
    return 0;
}
