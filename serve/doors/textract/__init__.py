"""The door for clients of Amazon Textract, which post JSON to one path and sign what they send.

`door` has the operations, `answers` translates results to blocks, `signature` checks who has signed, and `refusal`
names errors as Textract does.
"""

from serve.doors.textract.door import TextractDoor

__all__ = ["TextractDoor"]
