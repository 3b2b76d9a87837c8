"""`speckeeper shell`: the interactive and one-shot client, with zkCli's commands, flags and output.

- ``cli`` is the command of the command line; everything else is imported only when it runs.
- ``words`` and ``flags`` read a command line; ``commands`` holds one function per command.
- ``session`` has a method for each operation of a server, ``subtree`` those on many nodes;
  ``calls`` below them puts paths under a chroot and errors into words.
- ``connection`` adds to kazoo's client what it lacks, with the requests of ``extra_ops`` and the
  watches of ``watches``.
- ``shell`` runs lines one after the other, ``terminal`` reads them from a person, ``console``
  prints.

Source: ZooKeeper ``ZooKeeperMain`` and the package ``org.apache.zookeeper.cli``; docs/shell.md
lists the few places where this shell differs on purpose.
"""
