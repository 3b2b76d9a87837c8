"""asyncio drivers: the client port and the admin port. They move bytes and decide nothing."""
