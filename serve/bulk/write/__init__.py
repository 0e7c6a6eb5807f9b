"""The end of a bulk run's pipeline: documents put together, converted and written, and what that says is done.

Each output format is a file in `outputs`.
"""
