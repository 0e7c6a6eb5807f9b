"""The figures of a bench or a soak as a picture.

What is measured is in `loadtest.bench` and `loadtest.soak`. Matplotlib is in the environment of the peers alone
(requirements/peers.lock).
"""
