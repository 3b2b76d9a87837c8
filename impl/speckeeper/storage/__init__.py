"""Transaction log, snapshots and retention on a real disk.

A transaction is acknowledged when the log has it on the disk, and a start brings back at least all
that was acknowledged, or refuses and says which file is at fault.

- The floor: ``interface`` (what a file system must do, so that tests and a simulator can stand
  in), ``disk`` (the real one), ``settings``, ``errors``, ``names`` (of files), ``directories`` (and
  their lock).
- Writing: ``txnlog`` (append, commit, roll), ``loop_writer`` with ``kernel_sync`` (the event loop
  writes, the kernel syncs), ``writer`` with ``wakeup`` (a thread does both, where the kernel
  cannot), ``snapshot_writer``, ``epochs``.
- Reading: ``decisions`` (what a start does with what it finds, as tables), ``recovery``,
  ``logreader``, ``snapshots``, ``history`` (from a zxid on, back to a zxid), ``show`` (for people).
- Upkeep: ``purge``; ``seed`` makes a data directory from transactions.
"""
