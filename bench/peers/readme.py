"""README's tables are what a bench wrote last: between two lines that are comments in Markdown."""

import sys


def replace_between(readme, begin, end, text):
    """Ends the program, and changes nothing, if README has not both lines, in this order."""
    if not readme.exists():
        sys.exit(f"{readme} is not there")
    content = readme.read_text(encoding="utf-8")
    before, found_begin, rest = content.partition(begin + "\n")
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        sys.exit(f"{readme} has no lines {begin} and {end}, one after the other")
    readme.write_text(before + found_begin + text + found_end + after, encoding="utf-8")
