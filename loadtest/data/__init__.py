"""What is sent and what it should be read as: pictures, their labels, and the score of a text against a label.

Nothing here knows a service or a clock: that is `loadtest.measuring`.
"""
