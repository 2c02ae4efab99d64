"""Walk through a JSON file value by value, with a window of it in memory and never the whole.

Promises: a value that is taken whole is at most LARGEST_VALUE long; nesting as deep as one likes is an error and no
crash; numbers stay text, so that they go through the same grammar as those of a CSV file.
Does not: know what the values mean.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from ingest.faults import Fault, FileRefused

LARGEST_VALUE = 1 << 20
_CHUNK = 1 << 18
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class Walk:
    """A place in a JSON file. Every method moves on, and raises FileRefused: json-broken, text-not-utf8."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._window = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def members(self) -> Iterator[str]:
        """Enter an object and yield its keys; the value of each must be taken before the next."""
        self._expect("{")
        if self._take("}"):
            return
        while True:
            key = self.value() if self.peek() == '"' else self._broken("Expecting property name")
            self._expect(":")
            yield str(key)
            if not self._more("}"):
                return

    def items(self) -> Iterator[int]:
        """Enter an array and yield the number of each item, which must be taken before the next."""
        self._expect("[")
        if self._take("]"):
            return
        number = 0
        while True:
            yield number
            number += 1
            if not self._more("]"):
                return

    def values(self) -> Iterator[object]:
        """Enter an array and yield its values, as many at a time as the window has whole."""
        for _ in self.items():
            yield self.value()
            yield from self._whole_values()

    def _whole_values(self) -> list[object]:
        """Take what comes next up to the last ``},`` of the window, if it is a list of whole values.

        A cut within a text or a nested value leaves something that is no list; then the values are taken one by one.
        """
        if self._sign() != "," or (cut := self._window.rfind("},", self._at)) < 0:
            return []
        try:
            found = _DECODER.decode(f"[{self._window[self._at + 1 : cut + 1]}]")
        except (json.JSONDecodeError, RecursionError):
            return []
        self._at = cut + 1
        return list(found)

    def value(self) -> object:
        """Take a whole value."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._window, self._at)
                if end < len(self._window) or self._ended:
                    self._at = end
                    return found
            except json.JSONDecodeError as error:
                if self._ended:
                    raise self._refusal(error.msg, error.pos) from error
            except RecursionError as error:
                raise self._refusal("too deep", self._at) from error
            if len(self._window) - self._at > LARGEST_VALUE:
                raise self._refusal("too long or without an end", self._at)
            self._read()

    def peek(self) -> str:
        """Return the first sign of what comes next."""
        return self._sign() or self._broken("Expecting value")

    def _sign(self) -> str:
        while True:
            space = _SPACE.match(self._window, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._window) or self._ended:
                return self._window[self._at : self._at + 1]
            self._read()

    def end(self) -> None:
        """Refuse anything that is left."""
        if self._sign():
            self._broken("Extra data")

    def _more(self, close: str) -> bool:
        if self._take(close):
            return False
        self._expect(",")
        return True

    def _take(self, sign: str) -> bool:
        taken = self.peek() == sign
        self._at += taken
        return taken

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._broken(f"Expecting {sign!r}")

    def _broken(self, reason: str) -> NoReturn:
        raise self._refusal(reason, self._at)

    def _refusal(self, reason: str, at: int) -> FileRefused:
        return FileRefused(
            [Fault("json-broken", self._line + self._window.count("\n", 0, at), params={"reason": reason})]
        )

    def _read(self) -> None:
        """Forget what is behind, read some more."""
        self._line += self._window.count("\n", 0, self._at)
        data = self._file.read(_CHUNK)
        self._ended = not data
        try:
            self._window = self._window[self._at :] + self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            raise FileRefused([Fault("text-not-utf8")]) from error
        self._at = 0
