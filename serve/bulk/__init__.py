"""Bulk runs: a bucket of pictures in, their texts out, resumable at any point.

`documents`, `locations`, `inputs`, `outputs`, `done`, `ledger` and `estimate` know storages and results, and nothing of
Ray; the pipeline over them does.
"""
