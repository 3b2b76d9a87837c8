import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Stat;

/**
 * A session with ZooKeeper through its Java client and Apache Curator's recipes.
 *
 * <p>Prints what it gets, line by line; the transcript must be the same on every server. The line
 * "!cut" asks whoever runs it to cut the TCP connections. Ends with 0 if it came to its end.
 */
public final class CuratorClient {
    private static String host;

    private interface Action {
        Object run() throws Exception;
    }

    private static void show(String what, Action action) throws Exception {
        try {
            System.out.println(what + ": " + action.run());
        } catch (KeeperException e) {
            System.out.println(what + ": " + e.code());
        }
    }

    private static CuratorFramework connect() {
        CuratorFramework client =
                CuratorFrameworkFactory.builder()
                        .connectString(host)
                        .sessionTimeoutMs(15000)
                        .connectionTimeoutMs(10000)
                        .retryPolicy(new RetryNTimes(5, 100))
                        .build();
        client.start();
        return client;
    }

    private static String text(byte[] data) {
        return data == null ? "null" : new String(data, StandardCharsets.UTF_8);
    }

    private static String text(Stat stat) {
        return "version " + stat.getVersion() + " cversion " + stat.getCversion() + " aversion "
                + stat.getAversion() + " length " + stat.getDataLength() + " children " + stat.getNumChildren();
    }

    private static List<String> sorted(List<String> names) {
        List<String> copy = new ArrayList<>(names);
        Collections.sort(copy);
        return copy;
    }

    /** The plain Java client: what only it has, such as persistent watches and multiRead. */
    private static void javaClient() throws Exception {
        BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
        ZooKeeper zk = new ZooKeeper(host, 15000, events::add);
        System.out.println(events.poll(20, TimeUnit.SECONDS).getState());
        show("create", () -> zk.create("/j", bytes("1"), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        show("container", () -> zk.create("/j/c", null, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.CONTAINER));
        Stat made = new Stat();
        show("ttl", () -> zk.create("/j/t-", bytes("t"), ZooDefs.Ids.OPEN_ACL_UNSAFE,
                CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, made, 60000));
        System.out.println(text(made));
        show("no such acl", () -> zk.create("/j/x", null, ZooDefs.Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT));
        show("descendants", () -> zk.getAllChildrenNumber("/j"));
        show("ephemeral", () -> zk.create("/j/e", null, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL));
        show("ephemerals", () -> zk.getEphemerals());
        show("ephemerals below", () -> zk.getEphemerals("/none"));
        show("whoami", () -> names(zk.whoAmI()));
        zk.addAuthInfo("digest", bytes("ben:secret"));
        show("whoami", () -> names(zk.whoAmI()));
        show("config", () -> zk.getConfig(false, new Stat()).length);

        BlockingQueue<WatchedEvent> seen = new LinkedBlockingQueue<>();
        zk.addWatch("/j", seen::add, AddWatchMode.PERSISTENT_RECURSIVE);
        BlockingQueue<WatchedEvent> flat = new LinkedBlockingQueue<>();
        zk.addWatch("/j/p", flat::add, AddWatchMode.PERSISTENT);
        zk.create("/j/p", null, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.create("/j/p/q", null, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.setData("/j/p", bytes("2"), 0);
        zk.setData("/j/p", bytes("3"), 1);
        zk.delete("/j/p/q", -1);
        zk.delete("/j/p", -1);
        print("recursive", seen, 6);
        print("persistent", flat, 6);

        show("multi", () -> results(zk.multi(List.of(
                Op.create("/j/m", bytes("1"), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.setData("/j/m", bytes("2"), 0),
                Op.check("/j/m", 1),
                Op.delete("/j/c", -1)))));
        show("failing multi", () -> results(zk.multi(List.of(
                Op.delete("/j/m", -1), Op.check("/j", 9), Op.delete("/j", -1)))));
        show("multi read", () -> results(zk.multi(List.of(
                Op.getData("/j/m"), Op.getChildren("/j/m"), Op.getData("/none")))));
        zk.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> names(List<ClientInfo> infos) {
        List<String> names = new ArrayList<>();
        for (ClientInfo info : infos) {
            names.add(info.getAuthScheme() + " " + info.getUser());
        }
        return sorted(names);
    }

    private static List<String> results(List<OpResult> results) {
        List<String> texts = new ArrayList<>();
        for (OpResult result : results) {
            String text = result.getClass().getSimpleName();
            if (result instanceof OpResult.ErrorResult) {
                text += " " + ((OpResult.ErrorResult) result).getErr();
            } else if (result instanceof OpResult.SetDataResult) {
                text += " " + text(((OpResult.SetDataResult) result).getStat());
            } else if (result instanceof OpResult.GetDataResult) {
                text += " " + text(((OpResult.GetDataResult) result).getData());
            }
            texts.add(text);
        }
        return texts;
    }

    private static void print(String what, BlockingQueue<WatchedEvent> events, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            WatchedEvent event = events.poll(20, TimeUnit.SECONDS);
            if (event == null) {
                System.out.println(what + ": no event after 20 s");
                System.exit(1);
            }
            System.out.println(what + ": " + event.getType() + " " + event.getPath());
        }
    }

    private static void framework(CuratorFramework client) throws Exception {
        show("parents", () -> client.create().creatingParentContainersIfNeeded().forPath("/f/a/b", bytes("1")));
        show("protected", () -> client.create().withProtection().withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
                .forPath("/f/p-").replaceAll("_c_[0-9a-f-]+", "_c_"));
        show("set or create", () -> client.create().orSetData().forPath("/f/a/b", bytes("2")));
        Stat stat = new Stat();
        show("get", () -> text(client.getData().storingStatIn(stat).forPath("/f/a/b")));
        System.out.println(text(stat));
        show("quietly", () -> client.delete().quietly().forPath("/f/none"));
        List<CuratorTransactionResult> results = client.transaction().forOperations(
                client.transactionOp().create().forPath("/f/t", bytes("1")),
                client.transactionOp().setData().withVersion(0).forPath("/f/t", bytes("2")),
                client.transactionOp().check().withVersion(1).forPath("/f/t"),
                client.transactionOp().delete().forPath("/f/t"));
        for (CuratorTransactionResult result : results) {
            System.out.println("transaction: " + result.getType() + " " + result.getForPath() + " " + result.getError());
        }
        show("delete all", () -> client.delete().deletingChildrenIfNeeded().forPath("/f/a"));
    }

    private static void cache(CuratorFramework client) throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        CuratorCache cache = CuratorCache.build(client, "/cache");
        cache.listenable().addListener(CuratorCacheListener.builder()
                .forCreates(node -> seen.add("created " + node.getPath() + " " + text(node.getData())))
                .forChanges((old, node) -> seen.add("changed " + node.getPath() + " " + text(node.getData())))
                .forDeletes(node -> seen.add("deleted " + node.getPath()))
                .forInitialized(() -> seen.add("initialized"))
                .build());
        client.create().forPath("/cache", bytes("0"));
        cache.start();
        await(seen, 2);
        client.create().forPath("/cache/x", bytes("1"));
        await(seen, 1);
        client.setData().forPath("/cache/x", bytes("2"));
        await(seen, 1);
        client.create().forPath("/cache/x/y", bytes("3"));
        await(seen, 1);
        client.delete().deletingChildrenIfNeeded().forPath("/cache/x");
        await(seen, 2);
        cache.close();
    }

    private static void await(BlockingQueue<String> seen, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            System.out.println("cache: " + seen.poll(20, TimeUnit.SECONDS));
        }
    }

    private static void recipes(CuratorFramework client) throws Exception {
        int clients = 4;
        ExecutorService pool = Executors.newFixedThreadPool(clients);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Future<Object>> done = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            done.add(pool.submit(() -> {
                try (CuratorFramework own = connect()) {
                    InterProcessMutex mutex = new InterProcessMutex(own, "/recipes/mutex");
                    DistributedAtomicLong counter = new DistributedAtomicLong(own, "/recipes/counter", new RetryNTimes(100, 5));
                    DistributedDoubleBarrier barrier = new DistributedDoubleBarrier(own, "/recipes/barrier", clients);
                    SimpleDistributedQueue queue = new SimpleDistributedQueue(own, "/recipes/queue");
                    barrier.enter();
                    for (int round = 0; round < 5; round++) {
                        mutex.acquire();
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                        mutex.release();
                        while (!counter.increment().succeeded()) {
                            Thread.sleep(1);
                        }
                        queue.offer(bytes("item"));
                    }
                    barrier.leave();
                }
                return null;
            }));
        }
        for (Future<Object> one : done) {
            one.get(60, TimeUnit.SECONDS);
        }
        pool.shutdown();
        System.out.println("in the mutex at once: " + most.get());
        System.out.println("counted: " + new DistributedAtomicLong(client, "/recipes/counter", new RetryNTimes(1, 1)).get().postValue());
        int taken = 0;
        SimpleDistributedQueue queue = new SimpleDistributedQueue(client, "/recipes/queue");
        while (queue.poll() != null) {
            taken++;
        }
        System.out.println("taken from the queue: " + taken);

        CuratorFramework rival = connect();
        LeaderLatch first = new LeaderLatch(client, "/recipes/latch", "first");
        LeaderLatch second = new LeaderLatch(rival, "/recipes/latch", "second");
        first.start();
        first.await(20, TimeUnit.SECONDS);
        second.start();
        while (second.getParticipants().size() < 2) {
            Thread.sleep(10);
        }
        System.out.println("leader: " + second.getLeader().getId());
        first.close();
        System.out.println("second leads: " + second.await(20, TimeUnit.SECONDS));
        second.close();
        rival.close();
    }

    /** The connection is cut: the client comes back with its session, its nodes and its watches. */
    private static void reconnect(CuratorFramework client) throws Exception {
        BlockingQueue<ConnectionState> states = new LinkedBlockingQueue<>();
        client.getConnectionStateListenable().addListener((own, state) -> states.add(state));
        PersistentNode node = new PersistentNode(client, CreateMode.EPHEMERAL, false, "/own", bytes("mine"));
        node.start();
        System.out.println("own node: " + node.waitForInitialCreate(20, TimeUnit.SECONDS));
        long session = client.getZookeeperClient().getZooKeeper().getSessionId();
        BlockingQueue<WatchedEvent> seen = new LinkedBlockingQueue<>();
        client.create().forPath("/watched");
        client.getData().usingWatcher((Watcher) event -> {
            if (event.getPath() != null) seen.add(event);
        }).forPath("/watched");
        client.getZookeeperClient().getZooKeeper().addWatch("/", event -> {
            if ("/later".equals(event.getPath())) seen.add(event);
        }, AddWatchMode.PERSISTENT_RECURSIVE);
        System.out.println("!cut");
        System.out.println(states.poll(20, TimeUnit.SECONDS) + " " + states.poll(20, TimeUnit.SECONDS));
        System.out.println("same session: " + (session == client.getZookeeperClient().getZooKeeper().getSessionId()));
        CuratorFramework other = connect();
        other.setData().forPath("/watched", bytes("x"));
        print("watch", seen, 1);
        other.create().forPath("/later");
        print("watch", seen, 1);
        System.out.println("owner is the session: " + (other.checkExists().forPath("/own").getEphemeralOwner() == session));
        node.close();
        other.close();
    }

    public static void main(String[] arguments) throws Exception {
        host = arguments[0];
        javaClient();
        try (CuratorFramework client = connect()) {
            framework(client);
            cache(client);
            recipes(client);
            reconnect(client);
        }
        System.out.println("end");
        System.exit(0);
    }
}
