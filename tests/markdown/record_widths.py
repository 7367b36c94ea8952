"""Record glibc's wcwidth of all code points, as ranges: python -m tests.markdown.record_widths

A line is the first and last code point in hexadecimal, and the cells. What is left out has no
width (unassigned, or a control character). `test_wrapping` compares it with what srchat counts.
"""

import ctypes
import locale
from itertools import groupby
from pathlib import Path

TABLE = Path(__file__).with_name("glibc_widths.txt")


def main() -> None:
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    wcwidth = ctypes.CDLL("libc.so.6").wcwidth
    wcwidth.argtypes = [ctypes.c_wchar]
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    lines = []
    for width, group in groupby(codes, key=lambda code: int(wcwidth(chr(code)))):
        members = list(group)
        if width >= 0:
            lines.append(f"{members[0]:x} {members[-1]:x} {width}\n")
    TABLE.write_text("".join(lines))


if __name__ == "__main__":
    main()
