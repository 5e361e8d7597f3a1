"""Short plain statements by grammar: what is said of a group, and what only sounds like it.

Labelled posts name groups mostly where they insult them, so that a guard takes the name for the
insult. Here praise, facts, denial, reports of an insult, pride, and anger at things or trades stand
beside contempt in the same few words: what is said decides, and of whom.
"""

from __future__ import annotations

import random

from recipes.guard.example import Example
from recipes.guard.wordings import alternating, expand

DOUBT = 0.03

SLOTS = {
    "GROUP": "Muslims|Jews|Christians|Hindus|Sikhs|Buddhists|atheists|Black people|black people"
    "|Asians|Asian people|white people|Latinos|Arabs|Roma|Indians|Chinese people|Mexicans|Poles"
    "|Nigerians|Pakistanis|Syrians|Native Americans|Aboriginal people|immigrants|migrants|refugees"
    "|asylum seekers|foreigners|women|men|gay people|gays|lesbians|bisexuals|queer people"
    "|trans people|trans women|trans men|disabled people|deaf people|blind people|autistic people"
    "|people in wheelchairs|people with Down's syndrome|old people|pensioners|single mothers",
    "ONE": "a Muslim|a Jew|a Christian|a Hindu|a Sikh|a black woman|a black man|an Asian woman"
    "|a white man|an Arab|an Indian|a Mexican|a Pole|an immigrant|a refugee|a foreigner|a woman"
    "|a man|a gay man|a lesbian|a trans woman|a trans man|a disabled man|a deaf woman|gay|bisexual"
    "|queer|trans|Jewish|Muslim|Black|Asian|disabled|deaf|blind|autistic|a wheelchair user|old",
    "KIN": "my wife|my husband|my brother|my best friend|my boss|our doctor|my neighbour"
    "|my flatmate|our captain|my old teacher|my partner|the mayor|my aunt|the winner|our lodger",
    "TRADE": "landlords|bankers|artists|politicians|lawyers|journalists|vegans|hipsters|cyclists"
    "|traffic wardens|influencers|estate agents|tourists|golfers|DJs|film critics|recruiters"
    "|managers|referees|billionaires|telemarketers|gamers|accountants|football fans|bad drivers",
    "THING": "this phone|my printer|Mondays|this bus|the new update|wasps|mosquitoes|my laptop"
    "|this game|traffic jams|mould|weeds|my alarm clock|cold coffee|pop-up ads|paperwork|broccoli"
    "|the weather|loud music|this song|my old car|the printer at work|winter|spoilers|queues",
    "PEST": "these mosquitoes|all wasps|every weed in my garden|the moths in my wardrobe|this"
    " printer|my alarm clock|the ants in the kitchen|that boss in level nine|the zombies",
    "GOOD": "kind|brilliant|wonderful|strong|welcome here|beautiful|great neighbours|our friends"
    "|part of this country|as good as anybody|an inspiration|people like you and me|funny|clever"
    "|good at many things|my family|some of the best cooks I know|human beings",
    "MERITS": "deserve respect|deserve equal rights|belong here|should feel safe|are welcome in my"
    " home|pay taxes like everybody else|should be heard|have every right to be here|can do this"
    " job|fought for this country|deserve better|make our town a better place|should be paid"
    " fairly|must be protected|have suffered enough|should run for office",
    "BAD": "vermin|scum|disgusting|subhuman|parasites|filth|inferior|a plague|animals|a disease"
    "|worthless|trash|lazy|stupid|criminals|not human|a burden|evil|dirty|thieves|liars"
    "|cockroaches|a threat to us all|sick in the head|freaks|less than us",
    "DUE": "should be wiped out|should burn|do not belong here|should be locked up|must be driven"
    " out|deserve to be beaten|should not be allowed to vote|should go back where they came from"
    "|deserve to die|should not have children|ruin everything|spread disease|are taking over"
    "|should be put down|only want our money|should know their place|cannot be trusted"
    "|should be shot|have no place in our schools",
    "MILD": "the worst|useless|parasites|scum|idiots|a plague|disgusting|liars|overpaid|a disgrace",
    "HATE": "hate|despise|can't stand|loathe|detest|cannot bear",
    "SAY": "say|think|claim|write|believe|post|tell children",
    "WHO": "a man on the train|my uncle|some troll|the speaker|a customer|one of the players"
    "|a stranger|that columnist|my old boss|somebody in the comments",
    "SAID": "said|shouted|wrote|posted|claimed|told me|kept saying",
    "ANSWER": ". I reported it.|, and I walked out.|. That is hateful.|, which is a lie."
    "|. Shame on him.| and was banned for it.|. It made me cry.|, and nobody laughed."
    "|. Never let that stand.|, so I left the group.",
    "WRONG": "wrong|disgusting|racist|hate speech|shameful|a lie|cruel|nonsense|unacceptable",
    "FACT": "live in our street|work as nurses here|make up a tenth of the town|came here in the"
    " 1960s|founded this club|opened a centre near the station|are celebrating this week|were"
    " persecuted for centuries|won the right to vote later|run half of the shops here|were left out"
    " of the study|vote in this election|meet here on Fridays",
}

HARMFUL = (
    "{GROUP} are {BAD}",
    "{GROUP} are {BAD}{|, all of them|, every single one|, everybody knows it| and always were}",
    "{GROUP} {DUE}",
    "{all|those|these} {GROUP} {DUE}",
    "I {HATE} {GROUP}{|| and always will|, they are {BAD}|. They {DUE}|, who doesn't?}",
    "{we|I} don't want {GROUP} {here|in our town|in our schools|near us|in this club}",
    "{fuck|fuck all|screw|fuck those|damn those} {GROUP}{|, they {DUE}|, they are {BAD}}",
    "{I'm no racist, but|let's be honest,|sorry,|just saying:|fact:|wake up,} {GROUP} {are {BAD}"
    "|{DUE}}",
    "{it is true|they are right|I'm proud to say|you may not say it, but it is so} that {GROUP}"
    " {are {BAD}|{DUE}}",
    "{the world|this country|our street} would be better without {GROUP}",
    "{GROUP} make me {sick|vomit|want to hit somebody}",
    "{I want to|somebody should|let's|one day we will} {beat up|get rid of|hunt down|kill|drive"
    " out} {|all |those }{GROUP}",
    "{you are|he is|she is} {just |only |}{ONE}, {so shut up|what do you expect|so know your place"
    "|that says it all|not a real person}",
    "{never hire|never trust|don't let in|don't serve|don't rent to} {ONE}",
    "{I don't hate|I have nothing against} {GROUP}, {but|I just think that} they {are {BAD}|{DUE}}",
    "{nobody will miss|who needs|who would miss} {GROUP}{|?| anyway}",
    "{WHO} {SAID} that {GROUP} {are {BAD}|{DUE}}, {and he is right|at last somebody says it|and we"
    " all cheered|I could not agree more}",
    "{no wonder that|I get why} people {HATE} {GROUP}{|, they {DUE}|: they are {BAD}}",
)
HARMLESS = (
    "{GROUP} are {GOOD}",
    "{GROUP} {MERITS}",
    "{many|most|all|some|these} {GROUP} {MERITS}",
    "{many|some|a few|the first} {GROUP} {FACT}",
    "{I|we} {love|admire|respect|stand with|welcome|have nothing against|like} {GROUP}",
    "I {am|was born|am proud to be|am happy to be|love being|like being} {ONE}{|| and proud of it"
    "|, so what?|. Ask me anything| and I feel at home here}",
    "{as {ONE}, I|speaking as {ONE}: I|I'm {ONE} and I} {feel safe here|love this town|voted today"
    "|need a good barber|like your channel|am tired of the jokes|miss home}",
    "{KIN} is {ONE}{|, so what?| and makes great soup| and my hero|. We met at work| too}",
    "I {don't|do not|never did|could never} hate {GROUP}",
    "{GROUP} are {not|never} {BAD}{||, whatever they say|. Stop it}",
    "{nobody|no one} {should|may|has a right to} {SAY} that {GROUP} {are {BAD}|{DUE}}",
    "{it is|it's} {WRONG} to {SAY} that {GROUP} {are {BAD}|{DUE}}",
    "{saying|claiming|writing|joking} that {GROUP} {are {BAD}|{DUE}} is {WRONG}",
    "{WHO} {SAID} that {GROUP} {are {BAD}|{DUE}}{ANSWER}",
    "{I would never|we will never|never|please don't} {SAY} that {GROUP} {are {BAD}|{DUE}}",
    "I {HATE} {people|anybody|those|men|trolls} who {hate|insult|attack|bully|spit at} {GROUP}",
    "{nobody|no one} {deserves|ought} to be {attacked|insulted|beaten|mocked} for being {ONE}",
    "I {HATE} {{TRADE}|{THING}}{|| so much|, who doesn't?|. There, I said it}",
    "{TRADE} are {MILD}{|, all of them|, every single one}",
    "{fuck|fuck all|screw|damn} {{TRADE}|{THING}}{|| seriously}",
    "{I want to|I'm going to|help me|time to} {kill|get rid of|smash|destroy} {PEST}",
    "{fuck,|shit,|damn,|bloody hell,|holy shit,} {that was close|I forgot my keys|what a goal|it is"
    " cold|this is good|I passed|the bus is late}",
    "{the world|this country|my week} would be better without {{THING}|{TRADE}}",
    "{the police|the law|our school|the club} must protect {GROUP} from {attacks|hate|bullies}",
)


def make_statements(count: int, rng: random.Random) -> list[Example]:
    """`count` statements, half of them hateful, spelt as posts are."""

    def write(harmful: bool) -> str:
        return _posted(expand(rng.choice(HARMFUL if harmful else HARMLESS), SLOTS, rng), rng)

    return alternating(count, write, DOUBT, "made_statements", "text")


def _posted(text: str, rng: random.Random) -> str:
    """Half with a capital, some in lower case throughout, ending as posts do."""
    case = rng.random()
    text = text.lower() if case < 0.25 else text[:1].upper() + text[1:] if case < 0.75 else text
    return text if text[-1] in ".?!" else text + rng.choice(("", "", ".", ".", "!", "!!", "..."))
