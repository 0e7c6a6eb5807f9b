"""Tells what a text is: a date, an amount, a number, an address of mail or web, a telephone number, an IBAN, a VAT id.

Each is brought to one form for all documents. Which texts belong together is not told here.
"""
