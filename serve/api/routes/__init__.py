"""The routes of the HTTP API, one file for each resource.

A route only connects: requests are read in `serve.api.requests`, and answers are made in `serve.api.answers`.
"""
