"""The HTTP API: one router for each resource, one place for errors, and one for limits.

The reading itself is `serve.documents`, and the work on jobs is `serve.jobs`. Importing this package imports nothing:
`rayocr serve` takes API keys from it before Ray may be imported.
"""
