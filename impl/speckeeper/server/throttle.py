"""Who may come in: the token bucket in front of new sessions (ZooKeeper BlueThrottle)."""

from collections.abc import Callable

from speckeeper.server.settings import ServerSettings


class ConnectionThrottle:
    """Token bucket with an optional random drop that grows while the bucket is empty.

    ``random`` returns a float in [0, 1). Off when ``connection_max_tokens`` is 0.
    """

    def __init__(self, settings: ServerSettings, now_ms: int, random: Callable[[], float]) -> None:
        self._settings = settings
        self._tokens = settings.connection_max_tokens
        self._filled_ms = now_ms
        self._adjusted_ms = now_ms
        self._random = random
        self.drop_chance = 0.0

    @property
    def deficit(self) -> int:
        """Tokens missing from a full bucket."""
        return self._settings.connection_max_tokens - self._tokens

    def admit(self, now_ms: int, need: int = 1) -> bool:
        """Take ``need`` tokens for one handshake; False if it must be turned away."""
        settings = self._settings
        most = settings.connection_max_tokens
        if most == 0:
            return True
        elapsed = now_ms - self._filled_ms
        fill_time = max(settings.connection_token_fill_time_ms, 1)
        if elapsed > fill_time:
            refill = elapsed * settings.connection_token_fill_count // fill_time
            self._tokens = min(self._tokens + refill, most)
            self._filled_ms = now_ms
        if settings.connection_freeze_time_ms != -1 and not self._spared(now_ms):
            return False
        if self._tokens < need:
            return False
        self._tokens -= need
        return True

    def _spared(self, now_ms: int) -> bool:
        """Adjust the drop chance to how empty the bucket is, then roll the dice."""
        settings = self._settings
        if now_ms - self._adjusted_ms > settings.connection_freeze_time_ms:
            threshold = round(settings.connection_max_tokens * settings.connection_decrease_ratio)
            if self._tokens == 0 and self.drop_chance < 1:
                self.drop_chance = min(self.drop_chance + settings.connection_drop_increase, 1.0)
            elif self.deficit <= threshold and self.drop_chance > 0:
                self.drop_chance = max(self.drop_chance - settings.connection_drop_decrease, 0.0)
            self._adjusted_ms = now_ms
        return self._random() >= self.drop_chance
