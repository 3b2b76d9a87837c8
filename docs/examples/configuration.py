"""Configuration that reloads on change, in every process at once, and is never read half-written.

Prints:
    web: {'limit': 10, 'colour': 'blue'}
    mail: {'limit': 10, 'colour': 'blue'}
    web: {'limit': 20, 'colour': 'blue'}
    mail: {'limit': 20, 'colour': 'blue'}
    two people change it at once, and neither change is lost: {'limit': 30, 'colour': 'red'}
"""

import json
import queue
import sys
from collections.abc import Callable

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError

PATH = "/config/shop"


def change(client: KazooClient, name: str, value: object) -> None:
    """Set one value; if somebody else was quicker, do it to what they have made."""
    while True:
        data, stat = client.get(PATH)
        settings = {**json.loads(data), name: value}
        try:
            client.set(PATH, json.dumps(settings).encode(), version=stat.version)
            return
        except BadVersionError:
            continue


def reload_into(news: queue.Queue) -> Callable[..., None]:
    """What is called with the present data at once, and with new data each time it changes."""
    return lambda data, stat: news.put(json.loads(data))


def main(hosts: str) -> None:
    admin = KazooClient(hosts)
    admin.start()
    admin.create(PATH, json.dumps({"limit": 10, "colour": "blue"}).encode(), makepath=True)

    services: dict[str, queue.Queue[dict[str, object]]] = {}
    clients = []
    for service in ("web", "mail"):
        client = KazooClient(hosts)
        client.start()
        clients.append(client)
        news = services[service] = queue.Queue()
        client.DataWatch(PATH, reload_into(news))

    def reloaded() -> None:
        for service, news in services.items():
            print(f"{service}: {news.get(timeout=10)}")

    reloaded()
    change(admin, "limit", 20)
    reloaded()
    change(clients[0], "limit", 30)
    change(clients[1], "colour", "red")
    admin.sync(PATH)
    both = json.loads(admin.get(PATH)[0])
    print(f"two people change it at once, and neither change is lost: {both}")
    for client in (admin, *clients):
        client.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
