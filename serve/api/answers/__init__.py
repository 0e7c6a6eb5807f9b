"""Turns plain values into HTTP responses: formats, files, streamed pages and pictures.

The formats themselves are in `serve.exports`, and errors are in `serve.api.problems`.
"""
