"""What tells real identifiers from numbers that look like them: checksums, lengths, prefixes and valid dates."""

from __future__ import annotations

import re
import string
from datetime import date
from ipaddress import AddressValueError, IPv6Address

_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_PREFIXES: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = (
    (("4",), (13, 16, 19)),  # Visa
    (("51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27"), (16,)),  # Mastercard
    (("34", "37"), (15,)),  # American Express
    (("62", "9558", "60", "81"), (16, 17, 18, 19)),  # UnionPay, older Chinese debit cards, Discover, RuPay
    (("35", "64", "65"), (16, 17, 18, 19)),  # JCB, Discover
    (("36", "38", "300", "301", "302", "303", "304", "305"), (14, 16)),  # Diners Club
)
_DOUBLED = bytes(d * 2 - 9 if d > 4 else d * 2 for d in range(10))
_TO_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_LETTER_VALUES = {ord(letter): str(value) for value, letter in enumerate(string.ascii_uppercase, 10)}
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21,
    "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27,
    "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
    "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_TWO_DIGIT_CODES = re.compile(r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
_THREE_DIGIT_CODES = re.compile(r"(?:2[1-69]|3[578]|42|5[09]|6[789]|8[0578]|9[679])\d")


def resident_id(number: str) -> bool:
    """Whether 18 characters are a Chinese resident id (GB 11643): province, date of birth and check digit. The check digit alone
    would let one number in eleven through."""
    if not _PROVINCES.match(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return 1900 <= born.year <= 2099 and "10X98765432"[total % 11] == number[17].upper()


def bank_card(digits: str) -> bool:
    """Whether a card of some network begins so and is so long."""
    return any(digits.startswith(prefixes) and len(digits) in lengths for prefixes, lengths in _CARD_PREFIXES)


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number holds (ISO/IEC 7812)."""
    values = digits.encode().translate(_TO_VALUES)
    return (sum(values[-1::-2]) + sum(values[-2::-2].translate(_DOUBLED + bytes(246)))) % 10 == 0


def iban_length(country: str) -> int:
    """How many characters an IBAN of a country has, 0 when it has none."""
    return _IBAN_LENGTHS.get(country, 0)


def mod97(letters: str) -> bool:
    """Whether the check digits of an IBAN hold (ISO 13616)."""
    return int((letters[4:] + letters[:4]).translate(_LETTER_VALUES)) % 97 == 1


def calling_code(digits: str) -> str:
    """The country's calling code at the beginning of an international number (ITU-T E.164), empty when there is none such."""
    if digits[:1] in ("1", "7"):
        return digits[0]
    known = _TWO_DIGIT_CODES.match(digits) or _THREE_DIGIT_CODES.match(digits)
    return known[0] if known else ""


def is_ipv4(text: str) -> bool:
    """Whether four numbers with dots are the address of some other machine."""
    octets = text.split(".")
    return octets[0] not in ("127", "0") and all(len(o) < 4 and int(o) < 256 and (o[0] != "0" or o == "0") for o in octets)


def is_ipv6(text: str) -> bool:
    """Whether this is the address of some other machine, and not a name such as `ab::cd` or a time."""
    if not any(map(str.isdigit, text)):
        return False
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
