"""Reads documents from https://, and checks each address before it is connected to.

Webhooks use the same checks and connections. How often an attempt is repeated is said in `deployments.storage.retry`.
"""
