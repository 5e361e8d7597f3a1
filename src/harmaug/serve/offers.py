"""Offers to speak another protocol than HTTP/1.1, which a server may ignore (RFC 9110, 7.8).

Java's clients make one with each request on a plain connection (`Upgrade: h2c`). The parser takes a
head that holds one for the last of HTTP, and drops the body: so the offer is taken out before.
"""

from __future__ import annotations

import re

_OFFER = re.compile(rb"^(?:upgrade|http2-settings)[ \t]*:[^\n]*\n", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"(?:\A|\n)\r?\n")


class HeadFilter:
    """Passes the head of a request on, less such offers, in whatever pieces it comes.

    A header line is kept back until it is whole: the caller bounds what is read of a head.
    """

    def __init__(self) -> None:
        self._kept = b""
        self._in_first_line = True

    def passed(self, data: bytes) -> bytes:
        """Return what goes to the parser of `data`, which begins or goes on within a head."""
        data, self._kept = self._kept + data, b""
        first = 0
        if self._in_first_line:
            first = data.find(b"\n") + 1
            if not first:
                return data
            self._in_first_line = False
        # Lines go on whole, so what is here begins a line: a blank one first of all is the end.
        end = _END.search(data[first:])
        if end is None:
            whole = data.rfind(b"\n") + 1
            data, self._kept = data[:whole], data[whole:]
        place = len(data) if end is None else first + end.end()
        return data[:first] + _OFFER.sub(b"", data[first:place]) + data[place:]

    def begin(self) -> None:
        """Expect the first line of another request."""
        self._kept, self._in_first_line = b"", True
