"""When a key may count as a decision: only after what it decides about has been on screen for a moment."""

from __future__ import annotations

from collections.abc import Callable


class Gate:
    """Opens ``grace_ms`` milliseconds after :meth:`seen`. ``clock`` gives seconds and never goes back."""

    def __init__(self, grace_ms: int, clock: Callable[[], float]) -> None:
        self._grace = grace_ms / 1000
        self._clock = clock
        self._seen_at: float | None = None

    def close(self) -> None:
        """Something new is to be decided, and nobody has seen it yet."""
        self._seen_at = None

    def seen(self) -> None:
        """It is on screen. Only the first call after :meth:`close` counts."""
        if self._seen_at is None:
            self._seen_at = self._clock()

    def is_open(self, waited: float = 0.0) -> bool:
        """Whether a key counts that was pressed ``waited`` seconds ago."""
        return self._seen_at is not None and self._clock() - waited - self._seen_at >= self._grace
