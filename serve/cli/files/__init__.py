"""Files and buckets of `rayocr read`: which documents are named, and where results go.

The commands are one level up; reading itself is `serve.documents`.
"""
