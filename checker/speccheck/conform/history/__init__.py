"""Judges client histories by spec/ZNode.tla: what ZooKeeper promises its clients.

``reading`` reads the files, ``facts`` says what the specification has to be told about texts,
``operators`` evaluates its text, ``judge`` goes through the merged histories once.
"""
