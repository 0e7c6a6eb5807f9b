"""Turns an HTTP request into plain values: the document, the options, and the parts of a form.

Nothing here reads a document or writes an answer.
"""
