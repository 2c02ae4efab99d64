"""Every listed fault of a receipt as a table for a spreadsheet.

Promises: no cell is taken for a formula, whatever the delivered file held (a cell that begins like one gets an
apostrophe, full-width signs too); Excel reads the letters right (byte order mark) and nothing splits (all is quoted).
"""

from __future__ import annotations

import csv
import io

from flask import Response

from ingest.faults import sentence
from store.records import Receipt

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HEADER = ("line", "column", "code", "sentence")


def faults_csv(receipt: Receipt, language: str) -> Response:
    """Return line, column, code and sentence of every listed fault, and at the end how many are not listed."""
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerow(HEADER)
    for one in receipt.faults:
        cells = (str(one.line or ""), one.column or "", one.code, sentence(one.code, one.params, language))
        rows.writerow([plain(cell) for cell in cells])
    if unlisted := receipt.fault_count - len(receipt.faults):
        rows.writerow(["", "", "faults-not-listed", sentence("faults-not-listed", {"count": unlisted}, language)])
    response = Response(BYTE_ORDER_MARK + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{receipt.id}-faults.csv"'
    response.headers["Content-Language"] = language
    return response


def plain(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_STARTS) else cell
