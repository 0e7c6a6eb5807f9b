"""The door for clients of Azure Document Intelligence, versions 2024-11-30 and 2023-07-31.

`door` has the routes and errors, and `answers` translates results. What both know of an operation is in its id.
"""

from serve.doors.azure.door import AzureDoor

__all__ = ["AzureDoor"]
