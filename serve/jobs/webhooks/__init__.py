"""Telling receivers that their jobs have ended.

Which deliveries are due is in `serve.jobs.store.deliveries`.
"""
