"""A clock for what is read anew when a while has passed."""

__all__ = ["LATER_S", "Clock"]

#: After so many seconds, what was read is read again.
LATER_S = 6.0


class Clock:
    """Seconds that the test lets pass."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s
