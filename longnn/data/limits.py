"""How much memory the content of one file may take."""


class Budget:
    """The bytes that a file may still take; every reader counts before it allocates.

    Args:
        limit: number of bytes in all, for instance `longnn.data.archive.LIMIT`.

    Example:
        >>> budget = Budget(100)
        >>> budget.take(60)
        >>> budget.take(60)
        Traceback (most recent call last):
        ...
        ValueError: it unpacks to 1.2e-07 GB, more than the 1e-07 GB that \
longnn.data.archive.LIMIT allows; raise it only if you trust the file
    """

    def __init__(self, limit: int):
        self._limit, self._taken = limit, 0

    def take(self, size: int) -> None:
        """Counts ``size`` more bytes, >= 0; a ValueError if that is more than the limit in all."""
        self._taken += size
        if self._taken > self._limit:
            raise ValueError(
                f"it unpacks to {self._taken / 1e9:.3g} GB, more than the "
                f"{self._limit / 1e9:.3g} GB that longnn.data.archive.LIMIT allows; raise it only "
                "if you trust the file"
            )
