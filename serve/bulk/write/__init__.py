"""The end of a bulk run's pipeline: documents are put together, converted and written.

The output also tells which documents are done (`done`). Each output format is a file in `outputs`. Errors and reports
are not here (`serve.bulk.report`).
"""
