"""Delivers webhooks, which tell receivers that their jobs have ended.

`serve.jobs.store.deliveries` keeps the deliveries that are due.
"""
