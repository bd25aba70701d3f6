"""Packages touched at random: by who has the file alone, and by who holds the key and signs anew."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

from app.domain.record.canonical import canonical
from app.infra.signing import Signer
from tests.api.packages import Members, members, rebuilt, rechained, resigned

Json = Any
Touch = Callable[[bytes, random.Random, Signer], bytes]
#: What a value becomes that somebody touches.
_VALUES: tuple[Json, ...] = (None, "", "0", "x", 0, 7, -1, True, [], {}, [None], {"id": 5}, "f" * 64)


def untouched(package: bytes, _chance: random.Random, _signer: Signer) -> bytes:
    return package


def packed_anew(package: bytes, chance: random.Random, _signer: Signer) -> bytes:
    file, folder = io.BytesIO(), chance.choice(("", "evidence/"))
    given = list(members(package).items())
    chance.shuffle(given)
    with zipfile.ZipFile(file, "w", chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as made:
        for name, data in given:
            made.writestr(zipfile.ZipInfo(folder + name, (2026, 1 + chance.randrange(12), 2, 3, 4, 6)), data)
    return file.getvalue()


def signed_anew(package: bytes, _chance: random.Random, signer: Signer) -> bytes:
    return resigned(members(package), signer)


def flipped(package: bytes, chance: random.Random, _signer: Signer) -> bytes:
    touched = bytearray(package)
    for _ in range(chance.choice((1, 1, 1, 2, 9))):
        touched[chance.randrange(len(touched))] ^= 1 << chance.randrange(8)
    return bytes(touched)


def cut(package: bytes, chance: random.Random, _signer: Signer) -> bytes:
    at = chance.randrange(len(package))
    return chance.choice((package[:at], package[at:], package[:at] + package[at + 1 :], package + b"x" * 9))


def members_changed(package: bytes, chance: random.Random, signer: Signer) -> bytes:
    given = members(package)
    name = chance.choice(sorted(given))
    _change_member(given, name, chance)
    return rebuilt(given) if chance.random() < 0.5 else _again(given, signer)


def values_changed(package: bytes, chance: random.Random, signer: Signer) -> bytes:
    """Change one value of one member of JSON, and sign anew."""
    given = members(package)
    held = [name for name in given if name.endswith(".json") and name not in {"manifest.json", "keys.json"}]
    name = chance.choice(sorted(held))
    value = json.loads(given[name])
    _change(value, chance)
    given[name] = canonical(value)
    return _again(given, signer)


def statement_changed(package: bytes, chance: random.Random, signer: Signer) -> bytes:
    field = chance.choice(("v", "kind", "draft", "number", "title", "stream", "head", "made_at", "extra"))
    return resigned(members(package), signer, **{field: chance.choice(_VALUES)})


def events_changed(package: bytes, chance: random.Random, signer: Signer) -> bytes:
    """Change, leave out or double an event, chain them anew, and sign anew."""
    given = members(package)
    count = len(given["events.jsonl"].splitlines())
    which, gone = chance.randrange(count), chance.random() < 0.2
    number = 0

    def change(body: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal number
        number += 1
        if number - 1 != which:
            return body
        if gone:
            return None
        if chance.random() < 0.7 and isinstance(body["data"], dict) and body["data"]:
            _change(body["data"], chance)
        else:
            _change(body, chance)
        return body

    try:
        rechained(given, change)
    except KeyError:
        return package
    return _again(given, signer)


#: What is done to packages; the first three leave them whole.
TOUCHES: tuple[Touch, ...] = (
    untouched,
    packed_anew,
    signed_anew,
    flipped,
    cut,
    members_changed,
    values_changed,
    statement_changed,
    events_changed,
    events_changed,
)


def _again(given: Members, signer: Signer) -> bytes:
    try:
        return resigned(given, signer)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError):
        return rebuilt(given)


def _change_member(given: Members, name: str, chance: random.Random) -> None:
    how = chance.randrange(4)
    if how == 0:
        del given[name]
    elif how == 1:
        given[f"{name}.more"] = given[name]
    elif how == 2:
        other = chance.choice(sorted(given))
        given[name], given[other] = given[other], given[name]
    else:
        given[name] = given[name][: chance.randrange(len(given[name]) + 1)]


def _change(value: Json, chance: random.Random) -> None:
    """Change one value somewhere inside."""
    inner = value
    while True:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(inner[key], (dict, list)) and inner[key] and chance.random() < 0.9:
            inner = inner[key]
            continue
        if chance.random() < 0.2:
            del inner[key]
        else:
            inner[key] = _other(inner[key], chance)
        return


def _other(value: Json, chance: random.Random) -> Json:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and chance.random() < 0.7:
        return value + chance.choice((1, -1, 100))
    if isinstance(value, str) and value and chance.random() < 0.7:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice("0a9") + value[at + 1 :]
    return chance.choice(_VALUES)
