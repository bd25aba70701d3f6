"""Edit distance with an early end."""

from operator import ne


def distance(one: str, other: str, most: int) -> int:
    """Return how many characters must be changed, added or removed; `most + 1` when more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    if most <= 1:
        return min(_near(one, other), most + 1)
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, target in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (char != target))
        if min(row) > most:
            return most + 1
    return row[-1]


def _near(one: str, other: str) -> int:
    """Return the distance of texts whose lengths differ by at most one: 0, 1, or something more."""
    if len(one) == len(other):
        return sum(map(ne, one, other))
    short, long = sorted((one, other), key=len)
    place = next((index for index, char in enumerate(short) if char != long[index]), len(short))
    return 1 if short[place:] == long[place + 1 :] else 2
