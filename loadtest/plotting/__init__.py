"""Figures of a bench or a soak as a picture. Matplotlib lives in the peers' environment (requirements/peers.lock)."""

from loadtest.plotting.canvas import PLOTTED_KINDS, plot_file

__all__ = ["PLOTTED_KINDS", "plot_file"]
