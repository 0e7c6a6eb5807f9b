"""The side of a replica that its operator sees: its metrics, its logs, and when it is replaced.

A replica's work on a page is in `deployments.stages`.
"""
