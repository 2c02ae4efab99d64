"""Refuse a file that carries what identifies a person, a phone or a SIM (promise 1, contract.md A6).

Promises: every column's name is looked at, and every value of each column that is not a known source area, a time,
a count or a status. The message never shows the value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from ingest.faults import Fault, quoted

# Words that name an identifier when they stand alone in a column's name, in any of the three languages.
_WORDS = frozenset(
    {"imsi", "imei", "imeisv", "msisdn", "iccid", "iin", "ssn", "tmsi", "guti", "supi", "gpsi", "mac", "phone"}
    | {"telephone", "email", "passport", "idfa", "gaid", "maid", "aaid", "surname", "lastname", "firstname"}
    | {"fullname", "birthdate", "иин", "жсн", "телефон", "абонент", "паспорт", "фио", "тегі"}
)
_JOINED = re.compile(
    r"^(hashed|anon|pseudo|encrypted)?"
    r"(user|subscriber|customer|client|person|device|sim|phone|handset|advertising|ad|equipment)"
    r"(id|key|hash|number|no|uuid)+$|birth(date|day)|phonenumber|personalcode|cardnumber"
)
# A number *of* such things is a count, not an identifier: imsi_count, number_of_phones.
_COUNTING = frozenset({"count", "counts", "total", "sum"})

_PERSON_VALUE = (
    r"\+[1-9][0-9 ()\-]{8,16}[0-9]"  # a telephone number written internationally
    r"|00[1-9][0-9]{9,13}"
    r"|[78]7[0-9]{9}"  # a mobile number of Kazakhstan or Russia's neighbours' 7xx ranges
    r"|[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-6][0-9]{5}"  # IIN: birth date, century and sex, number
    r"|[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"
    r"|89[0-9]{17,18}[0-9A-Fa-f]?"  # ICCID
    r"|(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}"  # MAC address
    r"|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"  # UUID: an advertising id
    r"|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}"  # a digest of one of the above is still one of the above
)
_SIM_VALUE = r"[0-9]{15}|[02-9][0-9]{15}"  # IMSI, IMEI, IMEISV; 16 digits from 1 on are microseconds of our time
PERSON = rf"^\s*(?:{_PERSON_VALUE})\s*$"
PERSON_OR_SIM = rf"^\s*(?:{_PERSON_VALUE}|{_SIM_VALUE})\s*$"


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
    return bool(_WORDS.intersection(words) or _JOINED.search("".join(words)) or re.match(PERSON_OR_SIM, name))


def identifier_values(texts: pl.Series, pattern: str = PERSON_OR_SIM) -> pl.Series:
    """Return for each text whether it has the shape of an identifier (null: no)."""
    return texts.str.contains(pattern).fill_null(value=False)


def identifying(texts: pl.Series, known: frozenset[str]) -> np.ndarray:
    """Return the rows (indices) whose value has the shape of an identifier and is no known source area."""
    rows = np.flatnonzero(identifier_values(texts).to_numpy())
    if not len(rows) or not known:
        return rows
    return rows[[text not in known for text in texts.gather(rows).to_list()]]


def identifies(text: str) -> bool:
    """Return whether a text has the shape of an identifier."""
    return re.match(PERSON_OR_SIM, text) is not None
