// A session with ZooKeeper through node-zookeeper-client.
//
//     node client.js HOST:PORT
//
// Prints what it gets, line by line; the transcript must be the same on every server. The line "!cut"
// asks whoever runs it to cut the TCP connections. Ends with 0 if it came to its end.
"use strict";

const path = require("path");
const modules = process.env.NODE_CLIENT_MODULES;
const zookeeper = require(path.join(modules, "node-zookeeper-client"));

const { ACL, CreateMode, Exception, Id, Permission, State } = zookeeper;
const host = process.argv[2];

function say(...words) {
  console.log(...words);
}

function connect(options) {
  const client = zookeeper.createClient(host, options || { sessionTimeout: 15000, retries: 1 });
  return new Promise((resolve) => {
    client.once("connected", () => resolve(client));
    client.connect();
  });
}

// Calls a method that takes a callback; answers with an array whose first item is the error's name.
function call(client, method, ...args) {
  return new Promise((resolve) => {
    client[method](...args, (error, ...results) => resolve([error ? error.name : "ok", ...results]));
  });
}

function statText(stat) {
  if (!stat) return "";
  return (
    `version ${stat.version} cversion ${stat.cversion} aversion ${stat.aversion} ` +
    `length ${stat.dataLength} children ${stat.numChildren} ` +
    `ephemeral ${stat.ephemeralOwner.readInt32BE(0) !== 0}`
  );
}

async function create(client, name, data, mode) {
  const [error, made] = await call(
    client, "create", name, data && Buffer.from(data), ACL.OPEN_ACL_UNSAFE, mode || CreateMode.PERSISTENT
  );
  say("create", name, mode || 0, error, made || "");
}

async function get(client, name) {
  const [error, data, stat] = await call(client, "getData", name, null);
  say("get", name, error, data ? JSON.stringify(data.toString()) : "", statText(stat));
}

async function list(client, name) {
  const [error, children, stat] = await call(client, "getChildren", name, null);
  say("children of", name, error, (children || []).sort().join(" "), statText(stat));
}

async function nodes(client) {
  await create(client, "/n", "hello");
  await create(client, "/n", "again");
  await create(client, "/none/n");
  await create(client, "/n/empty", "");
  await create(client, "/n/sequence-", "s", CreateMode.PERSISTENT_SEQUENTIAL);
  await create(client, "/n/ephemeral", "e", CreateMode.EPHEMERAL);
  await create(client, "/n/both-", "b", CreateMode.EPHEMERAL_SEQUENTIAL);
  await create(client, "/n/ephemeral/below");
  for (const name of ["/n", "/n/empty", "/n/none"]) await get(client, name);
  await list(client, "/n");
  await list(client, "/none");
  say("set", ...(await call(client, "setData", "/n", Buffer.from("v1"), -1)).map((x) => x.version ?? x));
  say("set stale", (await call(client, "setData", "/n", Buffer.from("v2"), 9))[0]);
  say("delete with children", (await call(client, "remove", "/n", -1))[0]);
  say("delete stale", (await call(client, "remove", "/n/empty", 9))[0]);
  say("delete", (await call(client, "remove", "/n/empty", 0))[0]);
  say("delete again", (await call(client, "remove", "/n/empty", -1))[0]);
  say("exists", statText((await call(client, "exists", "/n", null))[1]));
  say("exists not", (await call(client, "exists", "/n/empty", null))[1]);
  say("mkdirp", ...(await call(client, "mkdirp", "/n/deep/er")));
  say("remove all", (await call(client, "removeRecursive", "/n/deep", -1))[0]);
  await list(client, "/n");
}

function event(arm) {
  return new Promise((resolve) => arm((seen) => resolve(`${seen.getName()} ${seen.getPath()}`)));
}

async function watches(client, other) {
  let armed;
  const created = event((watcher) => (armed = call(client, "exists", "/w", watcher)));
  say("watch missing", (await armed)[0]);
  await create(other, "/w", "1");
  say("  event", await created);
  const changed = event((watcher) => (armed = call(client, "getData", "/w", watcher)));
  await armed;
  const children = event((watcher) => (armed = call(client, "getChildren", "/w", watcher)));
  await armed;
  say("set", (await call(other, "setData", "/w", Buffer.from("2"), -1))[0]);
  say("  event", await changed);
  await create(other, "/w/child");
  say("  event", await children);
  const gone = event((watcher) => (armed = call(client, "exists", "/w/child", watcher)));
  await armed;
  say("delete", (await call(other, "remove", "/w/child", -1))[0]);
  say("  event", await gone);
}

async function permissions(client, other) {
  client.addAuthInfo("digest", Buffer.from("ben:secret"));
  const mine = [new ACL(Permission.ALL, new Id("auth", ""))];
  say("create", ...(await call(client, "create", "/a", Buffer.from("mine"), mine, CreateMode.PERSISTENT)));
  const [error, acls, stat] = await call(client, "getACL", "/a");
  say("acl", error, acls.map((acl) => `${acl.permission} ${acl.id.scheme} ${acl.id.id}`).join(), statText(stat));
  await get(other, "/a");
  say("set", (await call(other, "setData", "/a", Buffer.from("x"), -1))[0]);
  say("set acl", (await call(other, "setACL", "/a", ACL.OPEN_ACL_UNSAFE, -1))[0]);
  say("set acl stale", (await call(client, "setACL", "/a", ACL.READ_ACL_UNSAFE, 4))[0]);
  say("set acl", (await call(client, "setACL", "/a", ACL.READ_ACL_UNSAFE, 0))[0]);
  await get(other, "/a");
  const bad = [new ACL(Permission.ALL, new Id("nosuch", "x"))];
  say("bad acl", (await call(client, "create", "/bad", null, bad, CreateMode.PERSISTENT))[0]);
}

function commit(transaction) {
  return new Promise((resolve) => {
    transaction.commit((error, results) => resolve([error ? error.name : "ok", results]));
  });
}

async function transactions(client) {
  const good = client.transaction()
    .create("/m", Buffer.from("1"), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT)
    .create("/m/s-", Buffer.from("2"), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL)
    .setData("/m", Buffer.from("3"), 0)
    .check("/m", 1);
  const [error, results] = await commit(good);
  say("transaction", error, results.map((result) => result.path || result.type).join(" "));
  const bad = client.transaction().remove("/m/s-0000000000", -1).check("/m", 9).remove("/m", -1);
  const [failure, reasons] = await commit(bad);
  say("failing transaction", failure, (reasons || []).map((result) => result.err).join(" "));
  await list(client, "/m");
}

async function pipelined(client) {
  await create(client, "/p");
  const answers = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => {
      const name = `/p/${i}`;
      const made = call(client, "create", name, Buffer.from(`v${i}`), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
      const got = call(client, "getData", name, null);
      await made;
      return (await got)[1].toString() === `v${i}`;
    })
  );
  say("pipelined", answers.every(Boolean), answers.length);
}

// The connection is cut; the client comes back by itself and sets its watches again.
async function reconnect(client) {
  await create(client, "/r");
  await create(client, "/r/e", "", CreateMode.EPHEMERAL);
  const session = client.getSessionId().toString("hex");
  const changed = event((watcher) => call(client, "getData", "/r", watcher));
  await get(client, "/r");
  const back = new Promise((resolve) => client.once("connected", resolve));
  say("!cut");
  await back;
  say("same session", session === client.getSessionId().toString("hex"));
  const other = await connect();
  say("set by another", (await call(other, "setData", "/r", Buffer.from("x"), -1))[0]);
  say("  event", await changed);
  say("still there", Boolean((await call(client, "exists", "/r/e", null))[1]));
  other.close();
}

async function main() {
  const client = await connect();
  const other = await connect();
  say("timeout", client.getSessionTimeout(), client.getState() === State.SYNC_CONNECTED);
  await nodes(client);
  await watches(client, other);
  await permissions(client, other);
  await transactions(client);
  await pipelined(client);
  await reconnect(client);
  const gone = new Promise((resolve) => client.once("disconnected", resolve));
  client.close();
  other.close();
  await gone;
  say("end");
  process.exit(0);
}

setTimeout(() => { say("not done after 60 s"); process.exit(1); }, 60000);
main().catch((error) => { say("failed:", error); process.exit(1); });
