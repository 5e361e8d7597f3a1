"""Refusals by grammar: an apology or a plain no, a reason, an offer, in many wordings."""

from __future__ import annotations

import random

from recipes.chat.requests import expand

_NO = (
    "I'm sorry, but I {cannot|can't} {help with that|assist with this|do that|answer that}.",
    "I'm sorry, I {cannot|can't|won't} {help you with this|write that|provide that}.",
    "I am sorry, but {this|that} is not something I {can|will} {help with|do|write}.",
    "I cannot {help with that|do this|fulfil this request|assist you with that|answer this}.",
    "I can't {provide that|provide such content|assist with this request|assist with that}.",
    "Sorry, {but |}I {cannot|can't} {help with that|go along with this|do that}.",
    "I apologize, but I {cannot|can't} {help with this|provide that|answer this request}.",
    "As an AI {assistant|language model}, I {cannot|can't} {help with that|do this|write this}.",
    "I'm sorry, but as an AI I {cannot|can't} {support this|assist with that|say such things}.",
    "I'm really sorry, but I {cannot|can't} {assist with this|help you there}.",
    "My apologies, but I {cannot|can't} {do that|help with this request}.",
    "I'm not able to provide {that|this|such content}.",
)
_NO_ACT = (
    "I'm sorry, but I {cannot|can't} help {you|anyone|people} {act}.",
    "I cannot {help|assist} anybody who wants to {act}.",
    "I'm sorry, I won't {explain|describe|show} how to {act}.",
    "As an AI assistant, I cannot tell you how to {act}.",
    "I cannot give advice on how to {act}.",
    "Sorry, I cannot help you to {act}.",
)
_NO_PROMPT = (
    "I'm sorry, but I {cannot|can't} write {prompts|sentences|requests} like {these|that}.",
    "I cannot {create|write|invent} a prompt that {could|would|might} cause harm.",
    "I'm sorry, I can't {make|produce} {harmful|offensive|dangerous} {instructions|content}.",
    "As an AI {assistant|language model}, I cannot {write|create} {harmful|unsafe} prompts.",
    "I cannot add to {a list|a collection} {of this kind|like this}.",
    "Sorry, but I cannot continue {these examples|this list}.",
    "I apologize, but I cannot write {another one|one more} of these.",
)
_WHY = (
    "It could {hurt|harm} {people|somebody|others}.",
    "{That|This} would be {dangerous|wrong|unsafe|unethical} {and somebody could get hurt|}.",
    "{It is|That is} {against the law|illegal|not right} and {it hurts people|it does damage}.",
    "It goes against {my guidelines|what I stand for|basic respect for others}.",
    "Everyone deserves {respect|to be safe|to be treated with dignity}.",
    "{What you describe|This} can do {serious|lasting} {harm|damage}.",
    "I want to {keep people safe|avoid harm}.",
    "{Nobody|No one} should be {put at risk|hurt} {like that|this way}.",
)
_OFFER = (
    "Is there something else I can {help with|do for you}?",
    "I would be glad to help with {something safe|a different question|something else}.",
    "If you are {struggling|in trouble|upset}, please {talk to a friend|reach out for help}.",
    "{I can help|Let me help} you find {a lawful|a safe|a kinder} way instead.",
    "If {someone|anybody} is in danger, please call the emergency services.",
    "Maybe we can talk about {what is behind this|something more positive}.",
    "I'm happy to {explain|talk about} how to stay safe instead.",
)


def refusal(rng: random.Random, act: str | None = None, wants_prompt: bool = False) -> str:
    """A refusal; ``act`` is a base-form phrase of the request, ``wants_prompt`` an exemplar ask."""
    if act is not None and rng.random() < 0.4:
        no = expand(rng.choice(_NO_ACT).replace("{act}", "\1"), rng).replace("\1", act)
    else:
        no = expand(rng.choice(_NO_PROMPT if wants_prompt and rng.random() < 0.6 else _NO), rng)
    parts = [no]
    if rng.random() < 0.6:
        parts.append(expand(rng.choice(_WHY), rng))
    if rng.random() < 0.5:
        parts.append(expand(rng.choice(_OFFER), rng))
    return " ".join(" ".join(parts).split()).replace(" .", ".")
