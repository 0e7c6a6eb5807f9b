"""Checks whether the service is ready: whether its stages, its buckets and the store of jobs work.

The routes that answer with it are in `serve.api.routes.health`. Each replica checks its own health.
"""
