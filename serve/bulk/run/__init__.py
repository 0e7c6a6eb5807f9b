"""A whole bulk run: Ray, its actors and pools, and passes until nothing is left.

The work on a page is in `serve.bulk.stages`, the work on a result in `serve.bulk.write`.
"""
