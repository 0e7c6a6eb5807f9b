"""Reads and writes objects of S3-compatible storages with boto3.

Which locations a client may name is decided before, by `deployments.storage.rights`.
"""
