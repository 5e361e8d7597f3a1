"""A head is read alike in whatever pieces it comes, and what follows it is not touched."""

import pytest

from harmaug.serve.offers import HeadFilter

FIRST = b"POST /v1/check HTTP/1.1\r\n"
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LENGTH = b"Content-Length: 14\r\n"
BODY = b"{\nupgrade: 1\n}"


@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
def test_a_head_and_its_body_in_two_pieces_cut_anywhere(line: bytes) -> None:
    head = (FIRST + OFFER + LENGTH + b"\r\n").replace(b"\r\n", line)
    left = (FIRST + b"Connection: Upgrade, HTTP2-Settings\r\n" + LENGTH + b"\r\n").replace(
        b"\r\n", line
    )
    for cut in range(len(head)):
        offers = HeadFilter()
        found = offers.passed(head[:cut]) + offers.passed(head[cut:] + BODY)
        assert found == left + BODY, cut


def test_a_head_byte_by_byte() -> None:
    offers = HeadFilter()
    head = FIRST + OFFER + LENGTH + b"\r\n"
    found = b"".join(offers.passed(head[at : at + 1]) for at in range(len(head)))
    assert found == FIRST + b"Connection: Upgrade, HTTP2-Settings\r\n" + LENGTH + b"\r\n"
