"""What only developers run: int8 calibration, and the pages and schemas that are made from code.

Nothing of the product imports it, and it is in neither wheel nor image.
"""
