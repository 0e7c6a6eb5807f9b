"""Bulk runs, which read all documents of a bucket or a folder, and can be resumed at any point.

`documents`, `locations`, `inputs`, `outputs`, `done`, `ledger` and `estimate` know storages and results, but not Ray;
only the pipeline over them knows it. How a page is read is in `deployments.stages`.
"""
