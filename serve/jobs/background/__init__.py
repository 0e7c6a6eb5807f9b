"""What an ingress replica does for jobs beside requests: reading their pages, and removing what is too old.

Telling receivers is in `serve.jobs.webhooks`; the state of a job is in `serve.jobs.store`.
"""
