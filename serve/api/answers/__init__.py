"""From plain values to an HTTP response: formats, files, streamed pages and pictures.

The formats themselves are in `serve.exports`; errors are in `serve.api.problems`.
"""
