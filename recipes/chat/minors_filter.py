"""Keeps text that joins minors with anything sexual away from a model that writes."""

from __future__ import annotations

import re

MINORS = re.compile(
    r"\b(?:child|children|childs|kids?|kiddie|minors?|underaged?|under-age|teen\w*|preteens?|"
    r"tween\w*|toddlers?|bab(?:y|ies)|infants?|juveniles?|adolescents?|youths?|youngsters?|"
    r"school\w*|pupils?|students?|boys?|girls?|daughters?|sons?|nieces?|nephews?|little (?:ones?|"
    r"sister|brother)|grade[rs]*|classmates?|cheerleaders?|loli\w*|shota\w*|virgins?|"
    r"(?:[1-9]|1[0-7])[- ]?(?:years?|yrs?|yo|y/o)|(?:one|two|three|four|five|six|seven|eight|nine|"
    r"ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[- ]years?)\b",
    re.IGNORECASE,
)
SEXUAL = re.compile(
    r"\b(?:sex\w*|porn\w*|nud\w*|naked|erotic\w*|rap(?:e|ed|es|ing|ist\w*)|molest\w*|fondl\w*|"
    r"grope?\w*|orgas\w*|masturbat\w*|penis\w*|vagina\w*|cock|cocks|dick|dicks|puss(?:y|ies)|"
    r"boobs?|tits?|breasts?|cum|cumming|horny|incest\w*|p(?:a?e)do\w*|csam|csem|groom\w*|lewd\w*|"
    r"fetish\w*|seduc\w*|strip\w*|prostitut\w*|escorts?|hookers?|pimps?|brothel\w*|traffick\w*|"
    r"intimate\w*|explicit\w*|lust\w*|genital\w*|indecen\w*|abus\w*|exploit\w*|fuck\w*|whor\w*|"
    r"sluts?|hentai|onlyfans|consent\w*|underwear|lingerie|blow ?jobs?|inappropriate\w*)\b",
    re.IGNORECASE,
)


def mentions_minors(text: str) -> bool:
    """Whether a word for a minor occurs: the wider test, for every sentence about harm."""
    return MINORS.search(text) is not None


def sexual_about_minors(text: str) -> bool:
    """Whether a word for a minor and a sexual word occur in one text, however far apart.

    Deliberately too strict (a shared page is enough): losing harmless text costs nothing.
    """
    return mentions_minors(text) and SEXUAL.search(text) is not None
