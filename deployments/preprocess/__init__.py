"""Preprocessing: it turns the bytes of documents into upright RGB pages.

Nothing here knows Ray, where a document came from, or how its text is read.
"""
