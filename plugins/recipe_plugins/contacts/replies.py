"""What people write back: STOP in the words that they use for it, START, or anything else.

The one rule: only a message that says nothing but stop is one. "Stop, la fuite recommence !" is a reply for a person to read.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Meaning = Literal["stop", "start", "reply"]

_STOP = frozenset(
    {"stop", "stops", "stopall", "arret", "arreter", "arretez", "unsubscribe", "optout", "revoke"}
    | {"desabonner", "desabonne", "desabonnez", "desabonnement", "desinscrire", "desinscrivez", "desinscription"}
)
_START = frozenset({"start", "unstop", "reprendre"})
# What may stand beside: "STOP SMS", "stop au 36111", "me désabonner s'il vous plaît", "please unsubscribe me".
_BESIDE = frozenset(
    {
        "sms",
        "pub",
        "publicite",
        "message",
        "messages",
        "mail",
        "mails",
        "email",
        "emails",
        "envoi",
        "envois",
        "tout",
        "all",
    }
    | {
        "svp",
        "s",
        "il",
        "vous",
        "te",
        "plait",
        "merci",
        "please",
        "thanks",
        "now",
        "me",
        "moi",
        "au",
        "a",
        "de",
        "la",
        "les",
    }
    | {"l"}
)
_WORD = re.compile(r"[a-z]+|\d+")


def meaning(text: str) -> Meaning:
    """What a message says."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    words = _WORD.findall(plain)
    said = {word for word in words if word not in _BESIDE and not word.isdigit()}
    if said and said <= _STOP:
        return "stop"
    return "start" if said and said <= _START else "reply"
