"""The background work of an ingress replica on jobs: it reads their pages, and removes jobs that are too old.

Webhooks are delivered in `serve.jobs.webhooks`. The state of a job is in `serve.jobs.store`.
"""
