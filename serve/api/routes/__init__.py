"""The routes of the HTTP API, one file for each resource.

A route only connects: what was asked is in `serve.api.requests`, what is answered in `serve.api.answers`.
"""
