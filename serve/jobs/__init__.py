"""Asynchronous jobs: many documents are submitted at once, read in the background, and kept until they are fetched.

The HTTP routes of jobs are in `serve.api`, and the commands in `serve.cli`.
"""
