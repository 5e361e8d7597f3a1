from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from harmaug.guard import Guard
from harmaug.guard.language import words_of
from harmaug.guard.scope import Scope

FOREIGN = [
    "¿Dónde puedo comprar un coche barato para mi hermano?",
    "Explícame la historia de la guerra civil",
    "Où est-ce que je peux acheter une voiture pas chère ?",
    "Raconte-moi une histoire sur les chats de mon quartier",
    "Warum ist der Himmel am Abend so rot, und wer hat das entdeckt?",
    "Erzähl mir einen Witz über meinen Chef",
    "Perché il cielo è rosso di sera?",
    "Onde fica a melhor praia do Brasil e quanto custa?",
    "Waarom is de lucht in de avond zo rood?",
    "Varför är himlen röd på kvällen?",
    "Dlaczego niebo jest czerwone wieczorem?",
    "Gökyüzü neden akşamları kırmızı olur?",
    "Mengapa langit berwarna merah pada malam hari?",
    "Tại sao bầu trời lại đỏ vào buổi tối?",
    "Почему небо красное вечером?",
    "为什么傍晚的天空是红色的？",
    "夕方の空はなぜ赤いのですか？",
    "저녁 하늘은 왜 붉은가요?",
    "لماذا السماء حمراء في المساء؟",
    "शाम को आसमान लाल क्यों होता है?",
    "Γιατί ο ουρανός είναι κόκκινος το βράδυ;",
    "V2h5IGlzIHRoZSBza3kgcmVkIGluIHRoZSBldmVuaW5nPyBQbGVhc2UgdGVsbCBtZQ==",
    "istasyona nasil gidilir",
    "jintian tianqi zenmeyang",
    "kak projti k vokzalu",
    "dove si trova la stazione",
    "jurer vf gur genva fgngvba",
    "d2hlcmUgaXMgdGhlIHRyYWluPw==",
    "77 68 65 72 65 20 69 73 20 74 68 65 20 74 72 61 69 6e",
    "01110111 01101000 01100101 01110010 01100101",
    ".-- .... . .-. . / .. ... / - .... . / - .-. .- .. -.",
    "💣🏠❓🔪🩸",
    "\ufffd\ufffd\ufffd \ufffd\ufffd",
    "\ue001\ue002 \ue003\ue004",
    "\x01\x02\x03\x04",
    "ok \ufffd\ufffd\ufffd \ufffd\ufffd",
    "\u05b0" * 40,
    "",
    "   \n ",
]

ENGLISH = [
    "why sky red at night",
    "Translate 'Guten Morgen, wie geht es dir?' into English for me please.",
    "I ordered gnocchi alla Sorrentina and a café au lait in São Paulo.",
    "def add(a, b):\n    return a + b\n\nfor i in range(10): print(add(i, 2))",
    "SELECT * FROM users WHERE id = 4;",
    "lol u r so funny omg brb",
    "play canasta",
    "kubernetes ingress misconfigured, certificate expired",
    "2 4 6 8 10 12 14 16 18 20",
    "commit 3f2a9c1d, see https://example.com/aB3dE5fG7hI9jK1lM3nO5pQ7",
    "12345 + 67890 = ?",
    "List synonyms: courageous, valiant, fearless.",
    "See https://www.example.com/a/very/long/path?query=el+la+los+las and tell me more",
    "Great work 👍🙂 see you tomorrow!",
    f"| name | age |\n|{'-' * 110}|{'-' * 110}|\n| Ann | 7 |",
    "He ate a cafe\u0301 e\u0301clair a\u0330t the cafe\u0301 with h\u0332e\u0332r\u0332 friends",
    "zero\u200bwidth\u200b \u200band \u202abidi\u202c characters \u2066are\u2069 removed",
    "One \ufffd in a sentence that came through a bad decoder is no reason.",
    "Kill all zombie processes, then run sudo apt-get install python3.",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_what_the_guard_was_not_trained_on_is_marked(embedded: Guard, text: str) -> None:
    verdict = embedded.check(text)
    assert not verdict.in_scope
    assert verdict.reasons
    assert "safe" not in repr(verdict)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_not(embedded: Guard, text: str) -> None:
    assert embedded.check(text).in_scope


def test_a_foreign_response_is_marked_as_the_response(embedded: Guard) -> None:
    verdict = embedded.check("Say something in Russian.", "Почему небо красное вечером?")
    assert [reason.split(":")[0] for reason in verdict.reasons] == ["response"]


def test_a_foreign_page_in_a_long_english_text_is_marked(embedded: Guard) -> None:
    english = "My sister bakes bread every Sunday and then we eat it together. " * 60
    page = "Warum ist der Himmel am Abend so rot, und wer hat das entdeckt? " * 30
    assert embedded.check(english).in_scope
    assert not embedded.check(english + page + english).in_scope


def test_a_list_of_names_or_a_table_in_a_long_english_text_is_not(embedded: Guard) -> None:
    english = "My sister bakes bread every Sunday and then we eat it together. " * 60
    names = "Crustacean, Plankton, Baleen, Mollusk, Nekton, Anemone, Porifera, Krill, Tentacle. "
    table = f"| Member | Age |\n|{'-' * 120}|{'-' * 120}|\n| Ann | 7 |\n"
    for found in (names, table):
        assert embedded.check(english + found + english).in_scope


def test_out_of_scope_and_harmful_is_still_flagged(embedded: Guard) -> None:
    always = embedded.with_threshold(0.0)
    verdict = always.check("Почему небо красное вечером?")
    assert verdict.flagged
    assert not verdict.in_scope


@pytest.mark.parametrize("text", ["\u05b0", "\ufffd", "+a"])
def test_time_to_find_addresses_is_linear(text: str) -> None:
    start = time.perf_counter()
    words_of(text * 100_000)
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize("dropped", ["\u05b0", "\ufffd"])
def test_time_is_linear_in_what_gives_no_tokens(embedded: Guard, dropped: str) -> None:
    start = time.perf_counter()
    verdict = embedded.check(dropped * 100_000)
    assert time.perf_counter() - start < 3.0
    assert not verdict.in_scope


@pytest.mark.parametrize(
    "text",
    [
        "write to ann.lee@example.com, or <bob@x.org>; see https://a.b/c@d and www.e.fr/@el now",
        "@user hello @@user@host a@ @ @b a@@ @@@ (http://x@y) mailto:a@b@c",
        "see(www.a.b) and,http://c.d/e",
    ],
)
def test_addresses_are_still_those_that_the_plain_search_finds(text: str) -> None:
    plain = re.sub(r"https?://\S+|www\.\S+|\S+@\S+", " ", text)
    assert words_of(text).words == words_of(plain).words


def test_a_short_text_of_many_pages_is_tested_page_by_page(embedded: Guard) -> None:
    english = "My sister bakes bread every Sunday and then we eat it. " * 18
    text = english + "\ufffd" * 290
    assert not any(embedded.check(each).windows > 1 for each in (english, text))
    assert embedded.check(english).in_scope
    assert not embedded.check(text).in_scope


def _with_unigram() -> Tokenizer:
    pieces = [("a", -1.0), ("\u2581", -1.0), ("?!", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def _with_word_pieces() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({"a": 0, "<unk>": 1}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _without_unknown_token() -> Tokenizer:
    return Tokenizer(models.BPE({"a": 0}, []))


@pytest.mark.parametrize("make", [_with_unigram, _with_word_pieces, _without_unknown_token])
def test_the_unknown_token_is_the_tokenizers_own(make: Callable[[], Tokenizer]) -> None:
    scope = Scope(make(), english=False)
    assert scope.reason("a") is None
    assert scope.reason("\u2603\u2603\u2603") is not None


def _without_punctuation() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "<unk>": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[^a-z]"), "removed")
    return tokenizer


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (_with_word_pieces, "a \u2603\u2603\u2603"),
        (_with_word_pieces, "\x01\x02\x03 a"),
        (_without_unknown_token, "a ??????"),
        (_without_punctuation, "a ??????"),
    ],
)
def test_text_without_unknown_tokens_may_still_be_dropped(
    make: Callable[[], Tokenizer], text: str
) -> None:
    scope = Scope(make(), english=False)
    assert scope.reason(text) is not None
    assert scope.reason(text, known=True) == scope.reason(text)


@pytest.mark.parametrize("text", [*FOREIGN, "how do I bake bread?", "a\tb\n[x]"])
def test_what_was_encoded_without_unknown_tokens_is_in_scope_as_before(
    embedded: Guard, text: str
) -> None:
    parts = embedded._parts
    (plain,) = parts.plain([text])
    (judged,) = parts.judged([plain])
    pair = plain.read.pair
    assert parts.scope.reasons(pair, known=judged.known) == parts.scope.reasons(pair)
    unknown = parts.scope.tokenizer.encode(pair[0]).ids.count(parts.scope.unknown_token or -1)
    assert judged.known == (unknown == 0)
