"""The files and buckets of `rayocr read`: it finds the named documents, and writes their results.

The commands are one level up; reading itself is `serve.documents`.
"""
