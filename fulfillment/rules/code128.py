"""Code 128 (ISO/IEC 15417) and GS1-128: which bars stand for a text. Pure, so that a label can be proven without a scanner.

Digits go two to a symbol in set C, everything else in set B; GS1-128 begins with FNC1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Widths of bar, space, bar, space, bar, space of the symbols 0 to 105, in modules; the stop symbol has one bar more.
_ROWS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222",
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321",
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121",
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224",
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111",
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113",
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232",
)
PATTERNS = tuple(pattern for row in _ROWS for pattern in row.split())
STOP = "2331112"
CODE_C, CODE_B, FNC1, START_B, START_C, STOP_VALUE = 99, 100, 102, 104, 105, 106
MODULUS, SHORTEST_RUN = 103, 4
FIRST_PRINTABLE, LAST_PRINTABLE = 32, 126


@dataclass(frozen=True)
class Element:
    """One application identifier with its value; `is_fixed` where the AI's length is predefined (no separator after it)."""

    ai: str
    value: str
    is_fixed: bool


def element(ai: str, value: str) -> Element:
    """00, 01, 02, 11, 13, 15, 17 and the 31xx to 36xx measures have a predefined length (GS1 General
    Specifications 7.8.5)."""
    fixed = ai in {"00", "01", "02", "11", "12", "13", "15", "16", "17", "20"} or "31" <= ai[:2] <= "36"
    return Element(ai, value, fixed)


def gs1_symbols(elements: Sequence[Element]) -> list[int]:
    """The symbol values of a GS1-128 bar code, with start, FNC1, check symbol and stop. Raises ValueError for a character
    that set B does not have."""
    text: list[str | None] = [None]
    for n, one in enumerate(elements):
        text += [*one.ai, *one.value]
        if not one.is_fixed and n < len(elements) - 1:
            text.append(None)
    return _closed(list(_encoded(text)))


def symbols(text: str) -> list[int]:
    """The same of a plain Code 128 text."""
    return _closed(list(_encoded(list(text))))


def modules(values: Sequence[int]) -> str:
    """The bar code as modules: 1 is dark, 0 is light, quiet zones left out."""
    widths = "".join(STOP if v == STOP_VALUE else PATTERNS[v] for v in values)
    return "".join(("1" if n % 2 == 0 else "0") * int(width) for n, width in enumerate(widths))


def human(elements: Sequence[Element]) -> str:
    """The line under the bars: "(02)09506000134352(37)12"."""
    return "".join(f"({e.ai}){e.value}" for e in elements)


def _closed(body: list[int]) -> list[int]:
    check = (body[0] + sum(place * value for place, value in enumerate(body[1:], 1))) % MODULUS
    return [*body, check, STOP_VALUE]


def _encoded(text: Sequence[str | None]) -> Iterator[int]:
    """Start symbol and data; None is FNC1, which both sets have."""
    first = next((n for n, c in enumerate(text) if c is not None), 0)
    in_c = _digits(text, first) >= SHORTEST_RUN or (
        _digits(text, first) == len(text) - first and _digits(text, first) % 2 == 0
    )
    yield START_C if in_c else START_B
    n = 0
    while n < len(text):
        char = text[n]
        run = _digits(text, n)
        if char is None:
            yield FNC1
            n += 1
        elif in_c and run > 1:
            yield int(f"{char}{text[n + 1]}")
            n += 2
        elif in_c:
            in_c = False
            yield CODE_B
        elif run >= SHORTEST_RUN and run % 2 == 0:
            in_c = True
            yield CODE_C
        else:
            yield _in_b(char)
            n += 1


def _digits(text: Sequence[str | None], start: int) -> int:
    """How many digits follow from here."""
    n = start
    while n < len(text) and (char := text[n]) is not None and "0" <= char <= "9":
        n += 1
    return n - start


def _in_b(char: str) -> int:
    if not FIRST_PRINTABLE <= ord(char) <= LAST_PRINTABLE:
        raise ValueError(f"{char!r} is no character of a bar code")
    return ord(char) - FIRST_PRINTABLE
