"""The database below the store of jobs: engines, tables, transactions, and rows as records.

What a job is and what happens to it is one level up.
"""
