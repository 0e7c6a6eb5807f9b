"""Corrects the text of a line after the net has read it, by the gaps in its ink and by the text around it.

Nothing here runs a net or cuts a line out. Reading a line in another way, such as turned, is the recognizer's task.
"""
