"""Text in columns: widths as a terminal shows them, wrapping, and text of the host made harmless. Pure."""

from __future__ import annotations

WIDTH = 80


def visible(text: str) -> str:
    """Text of the host with control characters and undecodable bytes spelled out, so that it cannot steer a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else _spelled(c) for c in text)


def _spelled(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that "surrogateescape" kept
        return f"\\x{code - 0xDC00:02x}"
    return {"\t": "\\t", "\r": "\\r", "\n": "\\n"}.get(character) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    )


def shown_size(size: float) -> str:
    """Bytes for people: "512 B", "1.5 MiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1_024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1_024
    return f"{size:.1f} TiB"


def columns(text: str) -> int:
    """Columns that a text takes: wide characters (Chinese) take two."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, first: str, rest: str, width: int = WIDTH) -> list[str]:
    """Lines of at most `width` columns; a word that is longer stands alone. Chinese may break between any two characters."""
    lines: list[str] = []
    line, used, prefix = "", 0, first
    for piece in _pieces(text):
        size = columns(piece)
        if line and columns(prefix) + used + columns(piece.rstrip()) > width:
            lines.append(prefix + line.rstrip())
            line, used, prefix = "", 0, rest
            piece = piece.lstrip()
            size = columns(piece)
        line += piece
        used += size
    if line.strip() or not lines:
        lines.append(prefix + line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """Words with the blank behind them; a wide character is a word of its own, closing punctuation stays with it."""
    if text.isascii():
        *words, last = text.split(" ")
        return [f"{word} " for word in words] + ([last] if last else [])
    pieces: list[str] = []
    word = ""
    for character in text:
        if character == " ":
            pieces.append(word + " ")
            word = ""
        elif ord(character) >= 0x2E80 and character not in "，。；：、）」！？":
            if word:
                pieces.append(word)
            word = character
        else:
            if word and ord(word[-1]) >= 0x2E80 and character not in "，。；：、）」！？":
                pieces.append(word)
                word = ""
            word += character
    return [*pieces, word] if word else pieces
