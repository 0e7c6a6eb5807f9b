"""What must work for the service to be ready: its stages, its buckets and the store of jobs.

The routes that answer with it are in `serve.api.routes.health`; the health of one replica is the replica's own.
"""
