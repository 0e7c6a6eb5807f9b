"""Lays invisible text into a PDF, so that a scan can be searched and copied from.

The child process for each document is in `deployments.sandbox`. Modules here import little, since its start costs time.
"""
