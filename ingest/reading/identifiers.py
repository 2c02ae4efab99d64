"""Refuse a file that carries what identifies a person, a phone or a SIM (promise 1, contract.md A6).

Promises: every column's name is looked at, and every value of each column that is not a known source area, a time, a
count or a status; of those, what cannot be read as one. Numbers with a check digit (IIN, IMEI, ICCID) are identifiers
only if it is right; quotes, blanks, a trailing ``.0`` and words around them hide nothing. The message never shows the
value. Where a value cannot be told from an identifier, it is one: a file can be mended, a number that was kept cannot.

    11 digits from 77 or 87    a telephone number, whatever its operator's code: codes are added every few years
    12 digits                  an IIN if it begins with a birth date, then 3 to 6 (or 0, unless it reads as a time), and
                               its check digit is right; any other 12 digits are a number
    15 digits                  an IMSI if it begins with a country's code (200-799, 901), an IMEI if its check digit is
                               right; digits 0 to 3 alone are the key of a map tile
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import polars as pl

from ingest.faults import Fault, quoted

# Words that name an identifier when they stand alone in a column's name, in any of the three languages.
_WORDS = frozenset(
    {"imsi", "imei", "imeisv", "msisdn", "iccid", "iin", "ssn", "tmsi", "guti", "supi", "gpsi", "mac", "phone"}
    | {"telephone", "email", "passport", "idfa", "gaid", "maid", "aaid", "surname", "lastname", "firstname"}
    | {"abonent", "subscriber", "uid", "telefon", "telefona", "сәйкестендіру"}
    | {"fullname", "birthdate", "иин", "жсн", "телефон", "телефона", "абонент", "абонента", "паспорт", "фио", "тегі"}
)
_JOINED = re.compile(
    r"^(hashed|anon|pseudo|encrypted)?"
    r"(user|subscriber|customer|client|person|device|sim|phone|handset|advertising|ad|equipment"
    r"|imsi|imei|msisdn|iccid|iin|mac)"
    r"(id|key|hash|hashed|md5|sha1|sha256|token|number|no|uuid)+$|birth(date|day)|phonenumber|personalcode|cardnumber"
    r"|^[ab]number$|^user$|mobilenumber|^abonent"
)
# A number *of* such things is a count, not an identifier: imsi_count, number_of_phones.
_COUNTING = frozenset({"count", "counts", "total", "sum", "число", "количество", "саны"})

_BEFORE = r"(?:^|[\s:;=/|(\"'\[{<])"
_AFTER = r"(?:\.0{1,6})?(?:$|[\s,;:/|)\"'\]}>]|\.(?:$|\s))"
_GAP = r"[ \x{a0}.\-]?"
_PERSON = (
    r"\+[1-9][0-9 ()\-]{8,18}[0-9]",  # a telephone number written internationally
    r"00[1-9][0-9]{10,13}",
    rf"[78]{_GAP}\(?7[0-9]{{2}}\)?{_GAP}[0-9]{{3}}{_GAP}[0-9]{{2}}{_GAP}[0-9]{{2}}",
    r"\(?7[0-9]{2}\)?[ \-][0-9]{3}[ \-][0-9]{2}[ \-]?[0-9]{2}",
    r"(?P<iin>[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[03-6][0-9]{5})",
    r"[^@\s:;=<>\"'()|/]+@[^@\s]+\.[A-Za-z]{2,}",
    r"(?P<iccid>89[0-9]{17,18})[Ff]?",
    r"(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}",  # MAC address
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",  # UUID: an advertising id
    # A digest of one of the above is still one of the above: MD5, SHA-1, SHA-2, written in hexadecimal or base 64.
    r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128}",
    r"[0-9A-Za-z+/_\-]{22}==|[0-9A-Za-z+/_\-]{27}=|[0-9A-Za-z+/_\-]{43}=|[0-9A-Za-z+/_\-]{86}==",
)
_SIM = (
    r"(?P<sim>[0-9]{15})",
    r"(?P<imeisv>[02-9][0-9]{15})",  # 16 digits from 1 on are microseconds of our time
    r"[2-7][0-9]{2}[ \-][0-9]{2,3}[ \-][0-9]{9,10}",  # IMSI: country, network, subscriber
    r"[0-9]{2}[ \-][0-9]{6}[ \-][0-9]{6}[ \-][0-9]",  # IMEI
)
# What hides a number without changing it: words and signs grown onto it, other alphabets' digits, invisible signs.
_ENDS = r"(?:$|[^0-9.,]|[.,](?:$|[^0-9]))"  # no decimals follow
_DISGUISED = (
    rf"(?:^|[^0-9.])(?P<bare_iin>[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ \-]?[03-6][0-9]{{5}}){_ENDS}",
    rf"(?:^|[^0-9.,])[78]7[0-9]{{9}}{_ENDS}",
    r"(?:^|[^0-9.])(?P<scientific>[0-9](?:\.[0-9]{1,17})?[eE]\+?1[0-9])(?:$|[^0-9])",
    "[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]{6}",
    "[0-9][\u200b-\u200f\u2060\ufeff\u00ad]+[0-9]",
)
PERSON = "|".join((rf"{_BEFORE}(?:{'|'.join(_PERSON)}){_AFTER}", *_DISGUISED))
PERSON_OR_SIM = "|".join((rf"{_BEFORE}(?:{'|'.join((*_PERSON, *_SIM))}){_AFTER}", *_DISGUISED))
_COMPILED = {one: re.compile(one.replace(r"\x{a0}", r"\xa0")) for one in (PERSON, PERSON_OR_SIM)}
_FEW = 64  # a data frame's pattern is ten times as fast, and takes as long to call as so many texts
_IIN_WEIGHTS = (tuple(range(1, 12)), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))


def identifier_columns(names: Sequence[str]) -> list[Fault]:
    """Return a fault for every column whose name says that it identifies somebody, or is itself an identifier."""
    return [
        Fault("identifier-column", 1, quoted(name), {"column": quoted(name)}) for name in names if _names_somebody(name)
    ]


def _names_somebody(name: str) -> bool:
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W_]+", split.casefold())
    if _COUNTING.intersection(words):
        return False
    return bool(_WORDS.intersection(words) or _JOINED.search("".join(words)) or identifies(name))


def shaped_columns(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of some columns in which anything has the shape of an identifier; all are searched at once."""
    if not names:
        return []
    found = rows.select(pl.col(name).str.contains(PERSON_OR_SIM).any() for name in names)
    return [name for name in names if found[name][0]]


def identifying(texts: pl.Series, known: frozenset[str]) -> np.ndarray:
    """Return the rows (indices) whose value is an identifier and no known source area."""
    rows = np.flatnonzero(texts.str.contains(PERSON_OR_SIM).fill_null(value=False).to_numpy())
    if not len(rows):
        return rows
    found = texts.gather(rows)
    verdicts = {text: text not in known and identifies(text) for text in found.unique().to_list()}
    return np.asarray(rows[[verdicts[text] for text in found.to_list()]])


def identifying_among(texts: Sequence[str], pattern: str = PERSON_OR_SIM) -> set[str]:
    """Return those of many texts that are identifiers."""
    if len(texts) < _FEW:
        return {text for text in texts if identifies(text, pattern)}
    given = pl.Series(texts, dtype=pl.String)
    shaped = given.filter(given.str.contains(pattern)).to_list()
    return {text for text in shaped if identifies(text, pattern)}


def identifies(text: str, pattern: str = PERSON_OR_SIM) -> bool:
    """Return whether a text is an identifier or has one among its words."""
    at = 0
    while found := _COMPILED[pattern].search(text, at):
        if _is_sound(found):
            return True
        at = found.start() + 1
    return False


def _is_sound(found: re.Match[str]) -> bool:
    """Return whether the check digit of what has one is right."""
    shape, digits = next(((name, value) for name, value in found.groupdict().items() if value), ("", ""))
    if shape in {"iin", "bare_iin"}:
        return is_iin(re.sub(r"[ \-]", "", digits))
    if shape == "scientific":
        return identifies(f"{Decimal(digits).normalize():f}")
    if shape == "iccid":
        return luhn(digits)
    if shape == "sim":
        is_tile = set(digits) <= set("0123")
        return not is_tile and (digits[0] in "234567" or digits.startswith("901") or luhn(digits))
    return shape != "imeisv" or not set(digits) <= set("0123")


def is_iin(digits: str) -> bool:
    """Return whether twelve digits that begin with a date are a Kazakhstani personal number.

    The check digit is the sum of the first eleven digits times 1..11, modulo 11; where that is 10, times 3..11, 1, 2.
    Source: rules of Government resolution 406 of 22 May 2007 (adilet.zan.kz/rus/docs/P070000406_). The seventh digit is
    3 to 6 for those born since 1900, 0 for foreigners; then a time written as yymmddhhmmss looks alike, and is no IIN.
    """
    if digits[6] == "0" and digits[8] < "6" and digits[10] < "6":
        return False
    numbers = [int(digit) for digit in digits]
    for weights in _IIN_WEIGHTS:
        rest = sum(number * weight for number, weight in zip(numbers, weights, strict=False)) % 11
        if rest < 10:
            return rest == numbers[11]
    return False


def luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit after Luhn (ISO/IEC 7812-1, annex B)."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0
