"""Characters that look like Latin letters and are not."""

from __future__ import annotations

import string


def _table(look: str, latin: str) -> dict[int, str]:
    return {ord(char): letter for char, letter in zip(look, latin, strict=True)}


def _range(first: int, letters: str) -> dict[int, str]:
    return {first + index: letter for index, letter in enumerate(letters)}


STYLED = {
    **_table("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢɡɑ", "abcdefghijklmnopqrstuvwyzga"),
    **_range(0x1F150, string.ascii_uppercase),
    **_range(0x1F170, string.ascii_uppercase),
    **_range(0x1F1E6, string.ascii_uppercase),
    **_range(0xE0020, "".join(map(chr, range(0x20, 0x7F)))),
}
"""Latin letters in another dress, always replaced: small capitals, white on black circles and
squares, regional indicators, and the invisible tag characters, which language models read."""

TWINS = {
    **_table("асеорхуіјѕһԁԛԝѵӏ", "aceopxyijshdqwvl"),
    **_table("АВСЕНІЈКМОРЅТХУԀԚԜӀ", "ABCEHIJKMOPSTXYDQWI"),
    **_table("οονΟΑΒΕΖΗΙΚΜΝΡΤΥΧ", "oovOABEZHIKMNPTYX"),
}
"""Cyrillic and Greek letters that cannot be told from Latin ones."""

NEAR = {
    **TWINS,
    **_table("кмтвньгп", "kmtbhbrn"),
    **_table("αεικρτυχγηω", "aeikptuxynw"),
}
"""`TWINS` and those that pass for Latin ones between Latin letters."""
