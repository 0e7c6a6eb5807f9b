"""Reads a document: its options, its pages in order, and the failures of single pages.

How one page is read is an argument of the loop. Results are in `serve.results`, other formats in `serve.exports`.
"""
