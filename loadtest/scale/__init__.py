"""How speed grows with replicas on one machine, and what saturates first."""

from loadtest.scale.command import scale

__all__ = ["scale"]
