"""Edit distance with an early end."""


def distance(one: str, other: str, most: int) -> int:
    """Return how many characters must be changed, added or removed; `most + 1` when it is more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, target in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (char != target))
        if min(row) > most:
            return most + 1
    return row[-1]
