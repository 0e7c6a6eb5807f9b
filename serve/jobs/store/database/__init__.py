"""The database below the store of jobs: engines, tables, transactions, and rows as records.

The steps of a job's life are one level up.
"""
