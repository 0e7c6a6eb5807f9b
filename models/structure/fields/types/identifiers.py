"""Reads e-mail addresses, web addresses, telephone numbers, IBANs and VAT ids."""

import re
from functools import lru_cache
from typing import Protocol

import phonenumbers
from stdnum import get_cc_module, iban
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, ValidationError

__all__ = ["read_email", "read_iban", "read_phone", "read_url", "read_vat_id"]

# Longer words than a mail or web address on paper are noise.
_MOST_CHARACTERS = 120
_EMAIL = re.compile(r"[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}", re.ASCII)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]{3,100}", re.IGNORECASE)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_VAT_ID = re.compile(r"(?:[A-Z]{2}|CHE)[A-Z0-9+*]{7,13}")
# Digits in groups, with the marks that people put between them.
_PHONE = re.compile(r"(?:\+|00)?[ (]{0,2}\d[\d ()/.\u2013-]{4,24}\d(?: ?(?:x|ext\.?|App\.?) ?\d{1,5})?", re.IGNORECASE)
# Forms that nothing else has: an area code in brackets, North America's groups, or a country code.
_SURE_PHONE = re.compile(r"\(\d{2,5}\) ?\d[\d -]{4,12}|\d{3}[-.]\d{3}[-.]\d{4}|\+ ?\d[\d ()/.\u2013-]{6,22}")
_PHONE_DIGITS = range(6, 16)
_MARKS = str.maketrans("", "", " .-/")
_OTHER_COUNTRIES = {"GB": "gb", "CH": "ch", "NO": "no"}


class _Checker(Protocol):
    """What knows the ids of one country."""

    def validate(self, number: str) -> str:
        """Check an id without its country."""
        ...


def read_email(text: str) -> str | None:
    """Read an e-mail address, in small letters; None if it is none."""
    text = text.strip("<>()[],;: ").rstrip(".")
    if "@" not in text or len(text) > _MOST_CHARACTERS or _EMAIL.fullmatch(text) is None:
        return None
    return text.casefold() if text.rpartition(".")[2].isalpha() else None


def read_url(text: str) -> str | None:
    """Read a web address that begins with its protocol or with `www.`; None if it is none."""
    text = text.strip("<>()[],; ").rstrip(".")
    return text if len(text) <= _MOST_CHARACTERS and _URL.fullmatch(text) else None


def read_iban(text: str) -> str | None:
    """Read an IBAN with the right check digits and length, without spaces; None if it is none."""
    compact = text.upper().translate(_MARKS)
    if _IBAN.fullmatch(compact) is None:
        return None
    try:
        return str(iban.validate(compact))
    except ValidationError:
        return None


def read_vat_id(text: str) -> str | None:
    """Read a VAT id of the European Union, the United Kingdom, Switzerland or Norway.

    Args:
        text: The text.

    Returns:
        The id without spaces; empty if it has the form of one, but wrong check digits; None if it is none.
    """
    compact = text.upper().removesuffix("MWST").removesuffix("TVA").removesuffix("IVA").translate(_MARKS)
    if _VAT_ID.fullmatch(compact) is None:
        return None
    module = _vat_module(compact[:2])
    if module is None:
        return None
    number = compact if compact[:3] == "CHE" else compact[2:]
    try:
        module.validate(f"{number}MWST" if compact[:3] == "CHE" else number)
    except InvalidChecksum:
        return ""
    except ValidationError:
        return None
    return compact


@lru_cache(maxsize=64)
def _vat_module(country: str) -> "_Checker | None":
    if country in _OTHER_COUNTRIES:
        return get_cc_module(_OTHER_COUNTRIES[country], "vat")
    code = {"EL": "gr"}.get(country, country.casefold())
    return get_cc_module(code, "vat") if code in eu_vat.MEMBER_STATES else None


def read_phone(text: str, is_expected: bool) -> str | None:
    """Read a telephone number.

    Args:
        text: The text.
        is_expected: Whether its label says that it is one. Otherwise only forms count that nothing else has.

    Returns:
        The number as E.164, as `+498912345678`; empty if it has no country code; None if it is none.
    """
    text = text.strip(" .,;:")
    if len(text) > _MOST_CHARACTERS or _PHONE.fullmatch(text) is None:
        return None
    if not is_expected and _SURE_PHONE.fullmatch(text) is None:
        return None
    if sum(map(str.isdigit, text)) not in _PHONE_DIGITS:
        return None
    if not text.startswith(("+", "00")):
        return ""
    try:
        number = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
